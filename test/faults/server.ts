/** A server of a queue as the tests see it, and what both kinds need. */
import { type AddressInfo, createServer } from "node:net";

export interface Server extends AsyncDisposable {
  /** With `secret` in it. */
  readonly url: string;
  readonly restart: () => Promise<void>;
}

/** The password of every server; must never be printed. */
export const secret = "not-to-be-printed";

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on("error", reject);
    server.listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
