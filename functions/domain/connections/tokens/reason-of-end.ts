import type { ReasonIn } from "../../connection-states.ts";
import type { GrantEnd, TokenRefusal } from "../../google/tokens.ts";

type EndReason = ReasonIn<"reconnect_required">;
type Ended = Extract<TokenRefusal, { readonly kind: "ended" }>;

/**
 * The reasons in descriptions and subtypes, worded as in public reports: zammad#3392 (deleted), openclaw/gogcli#338
 * (session length), twentyhq/twenty#25148 (Advanced Protection), closeio#1013 (restricted). The first match counts.
 */
const TOLD: readonly (readonly [pattern: RegExp, reason: EndReason])[] = [
  [/\b(?:invalid rapt|rapt required|reauth|session policy)\b/, "session_policy"],
  [/\b(?:account|user) (?:(?:has been|was|is) )?(?:permanently )?(?:deleted|purged)\b/, "account_deleted"],
  [
    /\b(?:account|user) (?:(?:has been|was|is) )?(?:temporarily |permanently )?(?:disabled|suspended|restricted|locked)\b(?! by polic)/,
    "account_disabled",
  ],
  [/\badvanced protection\b/, "advanced_protection"],
  [/\borg internal\b/, "org_internal"],
  [/\badmin policy enforced\b|\bpolicies within your organi[sz]ation\b|\byour administrator\b/, "admin_policy"],
];

/** These codes take precedence, because their descriptions mention accounts and restrictions too. */
const BY_CODE: Partial<Readonly<Record<GrantEnd, EndReason>>> = {
  admin_policy_enforced: "admin_policy",
  org_internal: "org_internal",
};

/** The reasons of other codes without a telling text. A bare `invalid_grant` needs the grant's history. */
const BY_DEFAULT: Partial<Readonly<Record<GrantEnd, EndReason>>> = {
  policy_enforced: "advanced_protection",
  access_denied: "account_disabled",
};

const plain = (text: string | null): string => (text ?? "").toLowerCase().replaceAll(/[_\s]+/g, " ");
const told = (text: string | null): EndReason | null =>
  TOLD.find(([pattern]) => pattern.test(plain(text)))?.[1] ?? null;

/** Google's reason for the end of a grant, or null if it gives none. */
export const reasonOfEnd = ({ error, description, subtype }: Ended): EndReason | null =>
  told(subtype) ?? BY_CODE[error] ?? told(description) ?? BY_DEFAULT[error] ?? null;
