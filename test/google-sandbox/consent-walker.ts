/** The cookies of one browser for the sandbox; a caller that passes the same jar keeps them across calls. */
export type CookieJar = Map<string, { readonly value: string; readonly path: string }>;

export interface ConsentChoice {
  /** The address of the account to choose. */
  readonly account: string;
  /** Scopes whose checkboxes are unticked. */
  readonly untick?: readonly string[];
  /** Presses Cancel instead of Allow. */
  readonly deny?: boolean;
  readonly cookieJar?: CookieJar;
}

/** Google stopped on a page of its own and will not call back. */
export class ConsentStopped extends Error {
  readonly error: string;
  readonly status: number;
  constructor(error: string, status: number) {
    super(`Google shows a page: ${error} (${status})`);
    this.error = error;
    this.status = status;
  }
}

/**
 * Walks through the sandbox's consent pages over plain HTTP, as a user in a browser would, up to the redirect back to
 * the client, which it does not follow. Throws `ConsentStopped` if Google shows its own error page.
 */
export const consent = async (authorizationUrl: string, choice: ConsentChoice): Promise<{ callbackUrl: string }> => {
  const sandbox = new URL(authorizationUrl).origin;
  const jar = choice.cookieJar ?? new Map();
  let next = { url: new URL(authorizationUrl), form: null as URLSearchParams | null };
  for (let hops = 0; hops < 20; hops += 1) {
    const answer = await fetch(next.url, {
      redirect: "manual",
      headers: { cookie: cookiesFor(jar, next.url), accept: "text/html" },
      ...(next.form === null ? {} : { method: "POST", body: next.form }),
    });
    storeCookies(jar, answer);
    const location = answer.headers.get("location");
    if (location !== null) {
      const url = new URL(location, next.url);
      await answer.body?.cancel();
      if (url.origin !== sandbox) return { callbackUrl: url.href };
      next = { url, form: null };
    } else {
      next = nextStep({ url: next.url, status: answer.status, page: await answer.text() }, choice);
    }
  }
  throw new Error("the consent pages go round in circles");
};

interface Shown {
  readonly url: URL;
  readonly status: number;
  readonly page: string;
}

const nextStep = (shown: Shown, choice: ConsentChoice): { url: URL; form: URLSearchParams | null } => {
  const url = new URL(shown.url);
  switch (/<body data-step="([a-z]+)"/.exec(shown.page)?.[1]) {
    case "account":
      url.searchParams.set("account", choice.account);
      return { url, form: null };
    case "unverified":
      url.searchParams.set("unverified", "continue");
      return { url, form: null };
    case "scopes": {
      const form = new URLSearchParams({
        account: choice.account,
        decision: choice.deny === true ? "cancel" : "allow",
      });
      for (const [, scope = ""] of shown.page.matchAll(/name="scope" value="([^"]*)"/g)) {
        if (choice.untick?.includes(scope) !== true) form.append("scope", scope);
      }
      return { url, form };
    }
    default:
      throw new ConsentStopped(/<code id="error">([^<]*)</.exec(shown.page)?.[1] ?? "no consent page", shown.status);
  }
};

/** Stores what an answer sets, as a browser does. */
export const storeCookies = (jar: CookieJar, answer: Response): void => {
  for (const line of answer.headers.getSetCookie()) {
    const [pair = "", ...attributes] = line.split(/;\s*/);
    const at = pair.indexOf("=");
    const path = attributes.find((one) => /^path=/i.test(one))?.slice(5) ?? "/";
    const key = `${pair.slice(0, at)} ${path}`;
    if (attributes.some((one) => /^expires=Thu, 01 Jan 1970/i.test(one))) jar.delete(key);
    else jar.set(key, { value: pair, path });
  }
};

/** The cookies that a browser sends to that URL. */
export const cookiesFor = (jar: CookieJar, url: URL): string =>
  [...jar.values()]
    .filter(({ path }) => url.pathname.startsWith(path))
    .map(({ value }) => value)
    .join("; ");
