import { createClient } from "../api/client.ts";
import { relaisApi } from "../api/relais.ts";
import { takeEarlyAnswer } from "./early.ts";
import { language } from "./language.ts";
import { session } from "./session-signal.ts";

const client = createClient({
  fetch: (url, init) => takeEarlyAnswer(init.method ?? "GET", url) ?? fetch(url, init),
  language: () => language.peek(),
  onUnauthenticated: () => {
    const { kind } = session.peek();
    // Several calls may fail at once; only the first still sees that there was a session.
    if (kind !== "signed_out") session.value = { kind: "signed_out", ...(kind === "signed_in" && { ended: true }) };
  },
});

export const api = relaisApi(client);
