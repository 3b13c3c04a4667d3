const isLoopback = (host: string): boolean =>
  host === "localhost" || host.endsWith(".localhost") || host === "[::1]" || /^127(\.\d{1,3}){3}$/.test(host);

/**
 * Checks where requests will go, and returns it without a slash at the end. The key goes with each request, so plain
 * http is taken on loopback only. Throws a TypeError.
 */
export const baseUrlOf = (url: string | URL): string => {
  if (!URL.canParse(String(url)))
    throw new TypeError("relais-client: url is not a URL, such as https://relais.example.com");
  const { protocol, hostname, username, password, search, hash, origin, pathname } = new URL(url);
  if (protocol !== "https:" && !(protocol === "http:" && isLoopback(hostname))) {
    throw new TypeError(
      `relais-client: url must be https, because the key goes with each request (not ${protocol}//${hostname})`,
    );
  }
  if (username !== "" || password !== "" || search !== "" || hash !== "") {
    throw new TypeError("relais-client: url is an address alone, without user, password, ? or #");
  }
  return origin + pathname.replace(/\/+$/, "");
};

/**
 * `fetch` verifies certificates unless the environment turns that off for the whole process. Relais is not called then.
 * Throws an Error.
 */
export const requireVerifiedTls = (baseUrl: string, environment = globalThis.process?.env): void => {
  if (!baseUrl.startsWith("https:") || environment?.NODE_TLS_REJECT_UNAUTHORIZED !== "0") return;
  throw new Error(
    "relais-client: NODE_TLS_REJECT_UNAUTHORIZED=0 turns off the check of certificates, and the key would go to anyone. " +
      "Unset it; a certificate authority of your own goes into NODE_EXTRA_CA_CERTS.",
  );
};
