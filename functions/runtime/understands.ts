import { isUnderstoodState } from "../domain/connections/understood.ts";
import type { Understands } from "../domain/later-records.ts";
import { isUnderstoodServer } from "../domain/mail-servers/understood.ts";
import { isUnderstoodMessage } from "../domain/messages/understood.ts";
import { isUnderstoodNotice } from "../domain/notices/understood.ts";

/** How this release tells whether it knows a record's status, state or kind. */
export const UNDERSTANDS: Understands = {
  mailServers: isUnderstoodServer,
  messages: isUnderstoodMessage,
  notices: isUnderstoodNotice,
  oauthStates: isUnderstoodState,
};
