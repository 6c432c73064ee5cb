// SPDX-License-Identifier: Apache-2.0 WITH LLVM-exception
// Starts nacre-lsp-server for .ncr files.
"use strict";

const vscode = require("vscode");
const { LanguageClient } = require("vscode-languageclient/node");

let client;

async function start() {
  const settings = vscode.workspace.getConfiguration("nacre.server");
  const run = { command: settings.get("path"), args: settings.get("arguments") };
  client = new LanguageClient("nacre", "Nacre", run, {
    documentSelector: [{ scheme: "file", language: "ncr" }],
    synchronize: { fileEvents: vscode.workspace.createFileSystemWatcher("**/*.ncr") },
  });
  try {
    await client.start();
  } catch (error) {
    client = undefined;
    const choice = "Open settings";
    const chosen = await vscode.window.showErrorMessage(
      `Nacre: '${run.command}' cannot be started: ${error.message}`,
      choice,
    );
    if (chosen === choice) {
      await vscode.commands.executeCommand("workbench.action.openSettings", "nacre.server");
    }
  }
}

async function stop() {
  const running = client;
  client = undefined;
  if (running) {
    await running.stop();
  }
}

async function restart() {
  await stop();
  await start();
}

async function activate(context) {
  context.subscriptions.push(
    vscode.commands.registerCommand("nacre.restartServer", restart),
    vscode.workspace.onDidChangeConfiguration((event) => {
      if (event.affectsConfiguration("nacre.server")) {
        restart();
      }
    }),
  );
  await start();
}

module.exports = { activate, deactivate: stop };
