import { once } from "node:events";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";

/**
 * Holds Terraform's state in memory, behind its `http` backend. The local backend rewrites the whole file after every
 * resource, which takes half the CPU time of an apply; a remote one gets the state now and then, and at the end.
 */
export class StateStore {
  #state: string | null = null;
  readonly #server: Server;

  private constructor(server: Server) {
    this.#server = server;
  }

  static async start(): Promise<StateStore> {
    const server = createServer();
    const store = new StateStore(server);
    server.on("request", async (request, response) => {
      if (request.method === "POST") store.#state = await text(request);
      response.writeHead(request.method === "GET" && store.#state === null ? 404 : 200);
      response.end(request.method === "GET" ? (store.#state ?? "") : "");
    });
    server.listen(0, "127.0.0.1");
    await once(server, "listening");
    // A file of tests that fails before it closes the store must still end.
    server.unref();
    return store;
  }

  /** What Terraform needs to find it, in a folder whose backend is `BACKEND`. */
  get environment(): Readonly<Record<string, string>> {
    return { TF_HTTP_ADDRESS: `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}/state` };
  }

  /** The state as text. */
  get state(): string {
    if (this.#state === null) throw new Error("there is no state yet");
    return this.#state;
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}

export const BACKEND = { terraform: { backend: { http: {} } } };
