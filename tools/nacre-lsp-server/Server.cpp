//===- Server.cpp - a session with one editor -------------------*- C++ -*-===//
// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
//
// One thread. A change of a document only marks it; it is checked when no
// message waits, or when a request needs it, so fast typing is checked once.
//
//===----------------------------------------------------------------------===//

#include "tools/nacre-lsp-server/Server.h"

#include "tools/nacre-lsp-server/Input.h"
#include "tools/nacre-lsp-server/Queries.h"

#include "llvm/Support/CrashRecoveryContext.h"
#include "llvm/Support/Path.h"

#include <chrono>
#include <unistd.h>

using namespace nacre;
using namespace nacre::lsp;
using llvm::StringRef;
using llvm::json::Object;
using llvm::json::Value;

namespace proto = llvm::lsp;
using proto::Logger;
using Reply = proto::Callback<Value>;

namespace {

struct RenameParams : proto::TextDocumentPositionParams {
  std::string newName;
};

bool fromJSON(const Value &value, RenameParams &result, llvm::json::Path path) {
  llvm::json::ObjectMapper map(value, path);
  return fromJSON(value, static_cast<proto::TextDocumentPositionParams &>(result), path) && map &&
         map.map("newName", result.newName);
}

/// A copy that refers to nothing: the protocol's own conversions keep references to their input.
Value own(const Value &value) {
  if (auto text = value.getAsString())
    return Value(text->str());
  if (const llvm::json::Array *array = value.getAsArray()) {
    llvm::json::Array copy;
    for (const Value &element : *array)
      copy.push_back(own(element));
    return copy;
  }
  if (const Object *object = value.getAsObject()) {
    Object copy;
    for (const auto &[key, element] : *object)
      copy[key.str()] = own(element);
    return copy;
  }
  return value;
}

struct Document {
  proto::URIForFile uri;
  std::string text;
  int64_t version = 0;
  bool isChecked = false;
  /// Null where the check of this text broke.
  std::unique_ptr<Snapshot> snapshot;
};

class Server {
public:
  Server(proto::JSONTransport &transport, const std::string &stdFolder)
      : handler(transport), stdFolder(stdFolder) {
    publish = handler.outgoingNotification<proto::PublishDiagnosticsParams>(
        "textDocument/publishDiagnostics");
    logMessage = handler.outgoingNotification<proto::ShowMessageParams>("window/logMessage");

    handler.method("initialize", this, &Server::initialize);
    handler.notification("initialized", this, &Server::ignore);
    handler.method("shutdown", this, &Server::shutdown);
    handler.notification("$/setTrace", this, &Server::ignore);
    handler.notification("$/cancelRequest", this, &Server::ignore);
    handler.notification("workspace/didChangeConfiguration", this, &Server::ignore);
    handler.notification("workspace/didChangeWatchedFiles", this, &Server::filesChanged);

    handler.notification("textDocument/didOpen", this, &Server::didOpen);
    handler.notification("textDocument/didChange", this, &Server::didChange);
    handler.notification("textDocument/didClose", this, &Server::didClose);
    handler.notification("textDocument/didSave", this, &Server::filesChanged);

    handler.method("textDocument/hover", this, &Server::onHover);
    handler.method("textDocument/definition", this, &Server::onDefinition);
    handler.method("textDocument/references", this, &Server::onReferences);
    handler.method("textDocument/documentHighlight", this, &Server::onHighlight);
    handler.method("textDocument/completion", this, &Server::onCompletion);
    handler.method("textDocument/signatureHelp", this, &Server::onSignatureHelp);
    handler.method("textDocument/formatting", this, &Server::onFormatting);
    handler.method("textDocument/documentSymbol", this, &Server::onDocumentSymbol);
    handler.method("textDocument/codeAction", this, &Server::onCodeAction);
    handler.method("textDocument/prepareRename", this, &Server::onPrepareRename);
    handler.method("textDocument/rename", this, &Server::onRename);
    handler.method("textDocument/inlayHint", this, &Server::onInlayHint);
    handler.method("textDocument/semanticTokens/full", this, &Server::onSemanticTokens);
  }

  void checkAll() {
    for (auto &[path, document] : documents)
      check(document);
  }

  void complain(const std::string &why) {
    Logger::error("{0}", why);
    logMessage(proto::ShowMessageParams(proto::MessageType::Error, asUtf8(why)));
  }

  proto::MessageHandler handler;
  bool isShutDown = false;

private:
  //===-- Session -----------------------------------------------------------===//

  void initialize(const proto::InitializeParams &, Reply reply) {
    Object capabilities{
        {"positionEncoding", "utf-16"},
        {"textDocumentSync", Object{{"openClose", true},
                                    {"change", int(proto::TextDocumentSyncKind::Incremental)},
                                    {"save", true}}},
        {"hoverProvider", true},
        {"definitionProvider", true},
        {"referencesProvider", true},
        {"documentHighlightProvider", true},
        {"completionProvider", Object{{"triggerCharacters", {"."}}}},
        {"signatureHelpProvider", Object{{"triggerCharacters", {"(", ","}}}},
        {"documentFormattingProvider", true},
        {"documentSymbolProvider", true},
        {"codeActionProvider", Object{{"codeActionKinds", {"quickfix"}}}},
        {"renameProvider", Object{{"prepareProvider", true}}},
        {"inlayHintProvider", true},
        {"semanticTokensProvider", Object{{"legend", semanticLegend()}, {"full", true}}},
    };
    reply(Object{{"capabilities", std::move(capabilities)},
                 {"serverInfo", Object{{"name", "nacre-lsp-server"}, {"version", NACRE_VERSION}}}});
  }

  void shutdown(const proto::NoParams &, Reply reply) {
    isShutDown = true;
    reply(nullptr);
  }

  void ignore(const proto::NoParams &) {}

  //===-- Documents ---------------------------------------------------------===//

  /// Files on disk may be other ones now, and any document may import them.
  void filesChanged(const proto::NoParams &) {
    library.reset();
    for (auto &[path, document] : documents)
      document.isChecked = false;
  }

  /// The document has a new text: it is to be checked, and those that import it.
  void touch(Document &changed) {
    changed.isChecked = false;
    for (auto &[path, document] : documents) {
      if (!document.snapshot)
        continue;
      const SourceMap &sources = document.snapshot->analysis.sources;
      for (FileId file = 0; file < sources.size(); ++file)
        if (sources.name(file) == changed.uri.file())
          document.isChecked = false;
    }
  }

  void didOpen(const proto::DidOpenTextDocumentParams &params) {
    Document &document = documents[params.textDocument.uri.file().str()];
    document.uri = params.textDocument.uri;
    document.text = params.textDocument.text;
    document.version = params.textDocument.version;
    touch(document);
  }

  void didChange(const proto::DidChangeTextDocumentParams &params) {
    auto found = documents.find(params.textDocument.uri.file().str());
    if (found == documents.end())
      return complain("a change of '" + params.textDocument.uri.file().str() +
                      "', which is not open");
    for (const proto::TextDocumentContentChangeEvent &change : params.contentChanges)
      apply(change, found->second.text);
    found->second.version = params.textDocument.version;
    touch(found->second);
  }

  void didClose(const proto::DidCloseTextDocumentParams &params) {
    auto found = documents.find(params.textDocument.uri.file().str());
    if (found == documents.end())
      return;
    touch(found->second);
    publish(proto::PublishDiagnosticsParams(found->second.uri, found->second.version));
    documents.erase(found);
  }

  /// Runs work that a fault of this program must not end; false after one.
  bool guarded(const llvm::Twine &what, llvm::function_ref<void()> work) {
    auto start = std::chrono::steady_clock::now();
    llvm::CrashRecoveryContext context;
    bool isWhole = context.RunSafely(work);
    auto spent =
        std::chrono::duration<double, std::milli>(std::chrono::steady_clock::now() - start);
    Logger::info("{0}: {1:f1} ms", what.str(), spent.count());
    if (!isWhole)
      complain("internal error in " + what.str() + "; the session goes on");
    return isWhole;
  }

  void check(Document &document) {
    if (document.isChecked)
      return;
    document.isChecked = true;
    StringRef path = document.uri.file();
    language::CompileOptions options;
    options.stdDirectory = stdFolder;
    auto openText = [this](StringRef other) -> const std::string * {
      auto found = documents.find(other.str());
      return found == documents.end() ? nullptr : &found->second.text;
    };
    std::unique_ptr<Snapshot> fresh;
    proto::PublishDiagnosticsParams params(document.uri, document.version);
    bool isWhole = guarded("the check of " + path, [&] {
      fresh = std::make_unique<Snapshot>(path, document.text, options, openText);
      params.diagnostics = diagnostics(*fresh);
    });
    if (!isWhole) {
      // What is half made cannot be taken apart either.
      (void)fresh.release();
      document.snapshot.reset();
      return;
    }
    document.snapshot = std::move(fresh);
    publish(params);
  }

  /// Answers with what `work` makes of the checked document; null where it makes nothing.
  void answer(StringRef what, const proto::TextDocumentIdentifier &id, Reply &reply,
              llvm::function_ref<Value(const Snapshot &)> work) {
    auto found = documents.find(id.uri.file().str());
    if (found == documents.end())
      return reply(llvm::make_error<proto::LSPError>("'" + id.uri.file().str() + "' is not open",
                                                     proto::ErrorCode::InvalidParams));
    check(found->second);
    Value result = nullptr;
    if (found->second.snapshot && !guarded(what, [&] { result = work(*found->second.snapshot); }))
      return reply(
          llvm::make_error<proto::LSPError>("internal error", proto::ErrorCode::InternalError));
    reply(std::move(result));
  }

  //===-- Requests ----------------------------------------------------------===//

  template <typename T>
  static Value orNull(std::optional<T> value) {
    return value ? own(*value) : Value(nullptr);
  }

  void onHover(const proto::TextDocumentPositionParams &params, Reply reply) {
    answer("hover", params.textDocument, reply, [&](const Snapshot &snapshot) {
      return orNull(hover(snapshot, snapshot.lines.offset(params.position)));
    });
  }

  void onDefinition(const proto::TextDocumentPositionParams &params, Reply reply) {
    answer("definition", params.textDocument, reply, [&](const Snapshot &snapshot) -> Value {
      return own(definition(snapshot, snapshot.lines.offset(params.position)));
    });
  }

  void onReferences(const proto::ReferenceParams &params, Reply reply) {
    answer("references", params.textDocument, reply, [&](const Snapshot &snapshot) -> Value {
      std::vector<proto::Location> places;
      for (SourceRange range : references(snapshot, snapshot.lines.offset(params.position),
                                          params.context.includeDeclaration))
        places.emplace_back(params.textDocument.uri, snapshot.lines.range(range));
      return own(places);
    });
  }

  void onHighlight(const proto::TextDocumentPositionParams &params, Reply reply) {
    answer("highlight", params.textDocument, reply, [&](const Snapshot &snapshot) -> Value {
      llvm::json::Array places;
      for (SourceRange range : references(snapshot, snapshot.lines.offset(params.position), true))
        places.push_back(Object{{"range", snapshot.lines.range(range)}});
      return places;
    });
  }

  void onCompletion(const proto::CompletionParams &params, Reply reply) {
    if (!library)
      library = std::make_unique<Library>(stdFolder);
    answer("completion", params.textDocument, reply, [&](const Snapshot &snapshot) -> Value {
      return own(complete(snapshot, *library, snapshot.lines.offset(params.position)));
    });
  }

  void onSignatureHelp(const proto::TextDocumentPositionParams &params, Reply reply) {
    answer("signature help", params.textDocument, reply, [&](const Snapshot &snapshot) {
      return orNull(signatureHelp(snapshot, snapshot.lines.offset(params.position)));
    });
  }

  void onFormatting(const proto::DocumentSymbolParams &params, Reply reply) {
    answer("formatting", params.textDocument, reply,
           [&](const Snapshot &snapshot) -> Value { return own(format(snapshot.text().str())); });
  }

  void onDocumentSymbol(const proto::DocumentSymbolParams &params, Reply reply) {
    answer("symbols", params.textDocument, reply,
           [&](const Snapshot &snapshot) -> Value { return own(outline(snapshot)); });
  }

  static SourceRange rangeIn(const Snapshot &snapshot, const proto::Range &range) {
    return {snapshot.analysis.file, snapshot.lines.offset(range.start),
            snapshot.lines.offset(range.end)};
  }

  void onCodeAction(const proto::CodeActionParams &params, Reply reply) {
    answer("code actions", params.textDocument, reply, [&](const Snapshot &snapshot) -> Value {
      return own(quickFixes(snapshot, params.textDocument.uri.uri().str(),
                            rangeIn(snapshot, params.range)));
    });
  }

  void onPrepareRename(const proto::TextDocumentPositionParams &params, Reply reply) {
    answer("rename", params.textDocument, reply, [&](const Snapshot &snapshot) -> Value {
      auto range = renamable(snapshot, snapshot.lines.offset(params.position));
      return range ? Value(snapshot.lines.range(*range)) : Value(nullptr);
    });
  }

  void onRename(const RenameParams &params, Reply reply) {
    std::string refused;
    auto work = [&](const Snapshot &snapshot) -> Value {
      auto edits = rename(snapshot, snapshot.lines.offset(params.position), params.newName);
      if (!edits) {
        llvm::handleAllErrors(edits.takeError(),
                              [&](const proto::LSPError &error) { refused = error.message; });
        return nullptr;
      }
      proto::WorkspaceEdit edit;
      edit.changes[params.textDocument.uri.uri().str()] = std::move(*edits);
      return own(edit);
    };
    Reply orRefuse = [&](llvm::Expected<Value> value) {
      if (refused.empty())
        return reply(std::move(value));
      llvm::consumeError(value.takeError());
      reply(llvm::make_error<proto::LSPError>(refused, proto::ErrorCode::RequestFailed));
    };
    answer("rename", params.textDocument, orRefuse, work);
  }

  void onInlayHint(const proto::InlayHintsParams &params, Reply reply) {
    answer("inlay hints", params.textDocument, reply, [&](const Snapshot &snapshot) -> Value {
      return own(inlayHints(snapshot, rangeIn(snapshot, params.range)));
    });
  }

  void onSemanticTokens(const proto::DocumentSymbolParams &params, Reply reply) {
    answer("semantic tokens", params.textDocument, reply,
           [&](const Snapshot &snapshot) { return semanticTokens(snapshot); });
  }

  std::string stdFolder;
  proto::OutgoingNotification<proto::PublishDiagnosticsParams> publish;
  proto::OutgoingNotification<proto::ShowMessageParams> logMessage;
  std::map<std::string, Document> documents; ///< by path
  std::unique_ptr<Library> library;          ///< read when it is first needed
};

} // namespace

int nacre::lsp::serve(const std::string &stdFolder) {
  llvm::CrashRecoveryContext::Enable();
  std::unique_ptr<Server> server;
  auto input = std::make_unique<Input>(
      STDIN_FILENO, [&] { server->checkAll(); },
      [&](const std::string &why) { server->complain("a message was left out: " + why); });
  proto::JSONTransport transport(std::move(input), llvm::outs());
  server = std::make_unique<Server>(transport, stdFolder);
  if (llvm::Error error = transport.run(server->handler)) {
    Logger::error("{0}", llvm::toString(std::move(error)));
    return 1;
  }
  return server->isShutDown ? 0 : 1;
}
