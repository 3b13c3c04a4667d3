import type { gmail_v1 } from "googleapis/build/src/apis/gmail/index.js";
import { foldAddress } from "../../domain/messages/mailbox.ts";

/**
 * Only custom aliases have a `verificationStatus`. Aliases of the organisation's own domain have none, or an empty or
 * unspecified one, and Gmail sends from them
 * (developers.google.com/workspace/gmail/api/reference/rest/v1/users.settings.sendAs; gogcli#406).
 */
const isPending = ({ isPrimary, verificationStatus }: gmail_v1.Schema$SendAs): boolean =>
  isPrimary !== true && verificationStatus?.trim().toLowerCase() === "pending";

/** The folded addresses that Gmail keeps in From for this account: its own, and every alias that is not pending. */
export const sendAsAddresses = (username: string, aliases: readonly gmail_v1.Schema$SendAs[]): readonly string[] => {
  const usable = aliases.filter((alias) => !isPending(alias)).map(({ sendAsEmail }) => sendAsEmail?.trim() ?? "");
  return [...new Set([username, ...usable].filter((address) => address !== "").map(foldAddress))];
};
