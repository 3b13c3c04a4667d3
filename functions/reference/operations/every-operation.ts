import { ADMINISTRATION_OPERATIONS } from "./administration.ts";
import { CONNECTING_OPERATIONS } from "./connecting.ts";
import { MAIL_SERVER_OPERATIONS } from "./mail-servers.ts";
import { MESSAGE_OPERATIONS } from "./messages.ts";
import type { Operations } from "./operation.ts";

export const OPERATIONS: Operations = {
  ...MESSAGE_OPERATIONS,
  ...MAIL_SERVER_OPERATIONS,
  ...CONNECTING_OPERATIONS,
  ...ADMINISTRATION_OPERATIONS,
};
