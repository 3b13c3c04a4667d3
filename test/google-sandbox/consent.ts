import type { IncomingMessage, ServerResponse } from "node:http";
import type { InteractionResults, Provider } from "oidc-provider";
import type { SandboxAccount } from "./accounts.ts";
import { accountPage, CHOOSE, errorPage, scopesPage, unverifiedPage } from "./consent-pages.ts";
import { sendHtml } from "./http.ts";
import { type Reader, readerOf } from "./language.ts";
import type { Parts } from "./parts.ts";
import { isSignInScope, scopeList } from "./scopes.ts";
import { rememberSignedIn, signedInAccounts } from "./signed-in.ts";
import { say } from "./words.ts";

/** An authorization in progress: what the client asked for, and the user's answers so far. */
interface PendingAuthorization {
  readonly req: IncomingMessage;
  readonly res: ServerResponse;
  readonly client: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly scopes: readonly string[];
  /** The fields of the query (GET) or the form (POST). */
  readonly answers: URLSearchParams;
  readonly reader: Reader;
}

export type ConsentStep = (req: IncomingMessage, res: ServerResponse, answers: URLSearchParams) => Promise<void>;

/** The pages between the authorization endpoint and the callback. */
export const consentSteps = (parts: Parts, provider: Provider): ConsentStep => {
  const finish = (visit: PendingAuthorization, result: InteractionResults) =>
    provider.interactionFinished(visit.req, visit.res, result, { mergeWithLastSubmission: false });

  const refuse = async (visit: PendingAuthorization, error: string, onPage: boolean): Promise<void> => {
    if (onPage) return sendHtml(visit.res, 403, errorPage(visit.reader, { error, description: "" }));
    await finish(visit, { error });
  };

  const grant = async (
    visit: PendingAuthorization,
    account: SandboxAccount,
    about: { scopes: readonly string[]; shown: boolean },
  ) => {
    const wrong = parts.faults.take("other_account", account.email);
    const owner = (wrong === null ? null : parts.accounts.byEmail(wrong.use)) ?? account;
    const given = new provider.Grant({ accountId: owner.sub, clientId: visit.client });
    given.addOIDCScope(about.scopes.join(" "));
    const grantId = await given.save();
    parts.grants.noteGrant(grantId, { offline: visit.params.access_type === "offline", consentShown: about.shown });
    parts.grants.addConsent(owner.sub, visit.client, about.scopes);
    rememberSignedIn(parts.accounts, visit, account);
    const login = { accountId: owner.sub, remember: false };
    await finish(visit, { login, consent: { grantId }, select_account: {} });
  };

  const scriptedRefusal = (visit: PendingAuthorization, account: SandboxAccount | null) => {
    const email = account?.email ?? null;
    if (parts.faults.take("deny", email) !== null) return refuse(visit, "access_denied", false);
    const refusal = parts.faults.take("authorization_error", email);
    return refusal === null ? null : refuse(visit, refusal.error, refusal.onPage === true);
  };

  const decide = async (visit: PendingAuthorization, account: SandboxAccount): Promise<void> => {
    if (visit.answers.get("decision") !== "allow") return refuse(visit, "access_denied", false);
    const ticked = visit.answers.getAll("scope");
    const scopes = visit.scopes.filter((scope) => isSignInScope(scope) || ticked.includes(scope));
    await grant(visit, account, { scopes, shown: true });
  };

  /** Without a prompt, Google asks nobody to choose if the browser has one account and the hint names no other. */
  const onlyAccount = ({ req, params, answers }: PendingAuthorization): SandboxAccount | null => {
    if (answers.has(CHOOSE)) return null;
    const [only = null, ...more] = signedInAccounts(parts.accounts, req);
    const hint = parts.accounts.byEmail(String(params.login_hint ?? "")) ?? only;
    return params.prompt === undefined && more.length === 0 && hint === only ? only : null;
  };

  const show = async (visit: PendingAuthorization, account: SandboxAccount | null): Promise<void> => {
    if (account === null) {
      const hint = parts.accounts.byEmail(String(visit.params.login_hint ?? ""));
      return sendHtml(visit.res, 200, accountPage(visit.reader, { accounts: parts.accounts.all, hint }));
    }
    const consented = parts.grants.consented(account.sub, visit.client);
    const forced = scopeList(visit.params.prompt).includes("consent");
    if (!forced && visit.scopes.every((scope) => consented.includes(scope))) {
      return grant(visit, account, { scopes: visit.scopes, shown: false });
    }
    const delicate = visit.scopes.some((scope) => !isSignInScope(scope));
    if (delicate && !parts.verified && visit.answers.get("unverified") !== "continue") {
      return sendHtml(visit.res, 200, unverifiedPage(visit.reader, account));
    }
    sendHtml(visit.res, 200, scopesPage(visit.reader, account, visit.scopes));
  };

  return async (req, res, answers) => {
    const reader = readerOf(req, res);
    const visit = await visitOf(provider, { req, res, answers, reader });
    if (visit === null) {
      const description = say(reader.language, "expired");
      return sendHtml(res, 400, errorPage(reader, { error: "invalid_request", description }));
    }
    const account = parts.accounts.byEmail(answers.get("account") ?? "") ?? onlyAccount(visit);
    const refusal = scriptedRefusal(visit, account);
    if (refusal !== null) return refusal;
    if (req.method === "POST" && account !== null) return decide(visit, account);
    return show(visit, account);
  };
};

const visitOf = async (
  provider: Provider,
  given: Pick<PendingAuthorization, "req" | "res" | "answers" | "reader">,
): Promise<PendingAuthorization | null> => {
  try {
    const { params } = await provider.interactionDetails(given.req, given.res);
    return { ...given, params, client: String(params.client_id), scopes: scopeList(params.scope) };
  } catch {
    return null;
  }
};
