import { createClient } from "../api/client.ts";
import { relaisApi } from "../api/relais.ts";
import { language } from "./language.ts";
import { session } from "./session-signal.ts";

const client = createClient({
  fetch: (url, init) => fetch(url, init),
  language: () => language.peek(),
  onUnauthenticated: () => {
    session.value = { kind: "signed_out" };
  },
});

export const api = relaisApi(client);
