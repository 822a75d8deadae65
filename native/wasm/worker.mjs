/** One thread of the WebAssembly build: waits for the module, then for a function to run. */
import { createRequire } from "node:module";
import { parentPort, Worker } from "node:worker_threads";

const require = createRequire(import.meta.url);
const {
  instantiateNapiModuleSync,
  MessageHandler,
  getDefaultContext,
  emnapiAsyncWorkPlugin,
  emnapiTSFNPlugin,
  WASI,
} = require("@napi-rs/wasm-runtime");

// What emnapi expects of a worker in a browser.
Object.assign(globalThis, { self: globalThis, Worker, postMessage: parentPort.postMessage.bind(parentPort) });

const context = getDefaultContext();
const handler = new MessageHandler({
  onLoad({ wasmModule, wasmMemory }) {
    return instantiateNapiModuleSync(wasmModule, {
      childThread: true,
      wasi: new WASI({ version: "preview1" }),
      context,
      plugins: [emnapiAsyncWorkPlugin, emnapiTSFNPlugin],
      overwriteImports(imports) {
        imports.env = { ...imports.env, ...imports.napi, ...imports.emnapi, memory: wasmMemory };
        return imports;
      },
    });
  },
});
parentPort.on("message", (data) => handler.handle({ data }));
