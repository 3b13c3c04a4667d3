import { isUnderstoodState } from "../domain/connections/understood.ts";
import type { Understands } from "../domain/later-records.ts";
import { isUnderstoodServer } from "../domain/mail-servers/understood.ts";
import { isUnderstoodMessage } from "../domain/messages/understood.ts";
import { isUnderstoodNotice } from "../domain/notices/understood.ts";

/** Records that have a status, a state or a kind, and by what this release tells that it knows it. */
export const UNDERSTANDS: Understands = {
  mailServers: isUnderstoodServer,
  messages: isUnderstoodMessage,
  notices: isUnderstoodNotice,
  oauthStates: isUnderstoodState,
};
