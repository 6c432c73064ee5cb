# SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
"""An editor for nacre-lsp-server: $NACRE's neighbour, else the one of build/dev. Keeps the text of its documents itself."""
import json
import os
import pathlib
import queue
import re
import subprocess
import threading
import time

ROOT = pathlib.Path(__file__).resolve().parents[2]
NACRE = pathlib.Path(os.environ.get("NACRE", ROOT / "build" / "dev" / "bin" / "nacre")).resolve()
SERVER = NACRE.parent / "nacre-lsp-server"
TIMEOUT = 60


def position(text, index):
    """The protocol's position of text[index]: columns are UTF-16 units."""
    line_start = text.rfind("\n", 0, index) + 1
    return {"line": text.count("\n", 0, index), "character": len(text[line_start:index].encode("utf-16-le")) // 2}


def raw_position(text, index):
    """`position` in a text where '\r' and '\r\n' end lines too; index is not between those two."""
    ends = [m.end() for m in re.finditer("\r\n|\n|\r", text) if m.end() <= index]
    return {"line": len(ends), "character": len(text[ends[-1] if ends else 0:index].encode("utf-16-le")) // 2}


def offset(text, place):
    """The index of a position; the inverse of `position`."""
    lines = text.split("\n")
    line = lines[place["line"]].encode("utf-16-le")[:2 * place["character"]].decode("utf-16-le")
    return sum(len(each) + 1 for each in lines[:place["line"]]) + len(line)


def apply_edits(text, edits):
    for edit in sorted(edits, key=lambda e: offset(text, e["range"]["start"]), reverse=True):
        start, end = (offset(text, edit["range"][side]) for side in ("start", "end"))
        text = text[:start] + edit["newText"] + text[end:]
    return text


class LanguageClient:
    def __init__(self, *arguments):
        self.process = subprocess.Popen([str(SERVER), *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                        stderr=subprocess.PIPE)
        self.messages = queue.Queue()
        self.log = []
        self.diagnostics = {}
        self.texts = {}
        self.versions = {}
        self.next_id = 0
        threading.Thread(target=self._read, daemon=True).start()
        threading.Thread(target=lambda: self.log.extend(self.process.stderr), daemon=True).start()

    def _read(self):
        out = self.process.stdout
        while True:
            length = 0
            while line := out.readline().strip():
                if line.lower().startswith(b"content-length:"):
                    length = int(line.split(b":")[1])
            if not length:
                self.messages.put(None)
                return
            self.messages.put(json.loads(out.read(length)))

    def send_bytes(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def send(self, message):
        body = json.dumps({"jsonrpc": "2.0", **message}).encode()
        self.send_bytes(b"Content-Length: %d\r\n\r\n" % len(body) + body)

    def notify(self, method, **params):
        self.send({"method": method, "params": params})

    def receive(self, wanted):
        """The next message that `wanted` takes; the others are kept where they belong."""
        deadline = time.monotonic() + TIMEOUT
        while True:
            message = self.messages.get(timeout=max(0.01, deadline - time.monotonic()))
            assert message is not None, f"the server is gone: {self.log}"
            if message.get("method") == "textDocument/publishDiagnostics":
                params = message["params"]
                self.diagnostics[params["uri"]] = (params["version"], params["diagnostics"])
            if wanted(message):
                return message

    def call(self, method, **params):
        """The whole answer: `result` or `error`."""
        self.next_id += 1
        self.send({"id": self.next_id, "method": method, "params": params})
        return self.receive(lambda m: m.get("id") == self.next_id and "method" not in m)

    def ask(self, method, **params):
        answer = self.call(method, **params)
        assert "error" not in answer, answer
        return answer["result"]

    def initialize(self):
        result = self.ask("initialize", processId=os.getpid(), rootUri=None, capabilities={})
        self.notify("initialized")
        return result

    def open(self, path, text=None):
        uri = pathlib.Path(path).resolve().as_uri()
        self.texts[uri] = pathlib.Path(path).read_text() if text is None else text
        self.versions[uri] = 1
        self.notify("textDocument/didOpen", textDocument={"uri": uri, "languageId": "ncr", "version": 1,
                                                          "text": self.texts[uri]})
        return uri

    def change(self, uri, *edits):
        """Each edit is (start, end, text), in characters of the text that the edits before it left."""
        changes = []
        for start, end, new in edits:
            text = self.texts[uri]
            changes.append({"range": {"start": position(text, start), "end": position(text, end)}, "text": new})
            self.texts[uri] = text[:start] + new + text[end:]
        self._changed(uri, changes)

    def change_raw(self, uri, *edits):
        """As `change`, where a text has line ends of all kinds; edits that lie outside are cut."""
        changes = []
        for start, end, new in edits:
            text = self.texts[uri]
            start, end = min(start, len(text)), min(end, len(text))
            changes.append({"range": {"start": raw_position(text, start), "end": raw_position(text, end)}, "text": new})
            self.texts[uri] = text[:start] + new + text[end:]
        self._changed(uri, changes)

    def set_text(self, uri, text):
        self.texts[uri] = text
        self._changed(uri, [{"text": text}])

    def _changed(self, uri, changes):
        self.versions[uri] += 1
        self.notify("textDocument/didChange", contentChanges=changes,
                    textDocument={"uri": uri, "version": self.versions[uri]})

    def replace(self, uri, old, new):
        """Replaces the one place of `old`."""
        assert self.texts[uri].count(old) == 1, old
        start = self.texts[uri].index(old)
        self.change(uri, (start, start + len(old), new))

    def faults(self, uri):
        """The diagnostics of the newest text."""
        def is_new(message):
            return uri in self.diagnostics and self.diagnostics[uri][0] == self.versions[uri]
        if not is_new(None):
            self.receive(is_new)
        return self.diagnostics[uri][1]

    def at(self, uri, marked):
        """The parameters of a request at the '|' of `marked`, which is in the text without it."""
        before, after = marked.split("|")
        text = self.texts[uri]
        assert text.count(before + after) == 1, marked
        place = text.index(before + after) + len(before)
        return {"textDocument": {"uri": uri}, "position": position(text, place)}

    def spelled(self, uri, span):
        """The text of a range."""
        text = self.texts[uri]
        return text[offset(text, span["start"]):offset(text, span["end"])]

    def close(self):
        if self.process.poll() is None:
            self.process.kill()
        self.process.wait()
        for pipe in (self.process.stdin, self.process.stdout):
            pipe.close()
