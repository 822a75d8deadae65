/**
 * Starts the WebAssembly build of the addon: napi on emnapi, WASI without files, threads as workers. Plain JavaScript, so
 * that it is the same file for the sources, for dist and for the worker beside it.
 */
import { readFileSync } from "node:fs";
import { createRequire } from "node:module";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { Worker } from "node:worker_threads";

const require = createRequire(import.meta.url);

/** First and largest memory, in pages of 64 KiB: 64 MiB to 4 GiB. */
const pages = { initial: 1024, maximum: 65536 };

/**
 * @param {string} file path of the WebAssembly module
 * @param {number} threads most threads that calls off the JavaScript thread use at once
 * @returns {{ addon: object, memory: object, malloc: (bytes: number) => number, free: (address: number) => void }}
 */
export function load(file, threads) {
  const { instantiateNapiModuleSync, emnapiAsyncWorkPlugin, emnapiTSFNPlugin, WASI } = require("@napi-rs/wasm-runtime");
  const { createContext } = require("@emnapi/runtime");
  const memory = new WebAssembly.Memory({ ...pages, shared: true });
  const { instance, napiModule } = instantiateNapiModuleSync(readFileSync(file), {
    context: createContext(),
    wasi: new WASI({ version: "preview1" }),
    asyncWorkPoolSize: threads,
    reuseWorker: true,
    plugins: [emnapiAsyncWorkPlugin, emnapiTSFNPlugin],
    onCreateWorker() {
      const worker = new Worker(fileURLToPath(new URL("worker.mjs", import.meta.url)), { env: process.env });
      // A sleeping thread must not keep the process.
      worker.unref();
      return worker;
    },
    overwriteImports(imports) {
      imports.env = { ...imports.env, ...imports.napi, ...imports.emnapi, memory };
      return imports;
    },
    beforeInit(source) {
      for (const name of Object.keys(source.instance.exports))
        if (name.startsWith("__napi_register__")) source.instance.exports[name]();
    },
  });
  const { malloc, free } = instance.exports;
  return { addon: napiModule.exports, memory, malloc: (bytes) => malloc(bytes) >>> 0, free };
}
