import { eventFunction } from "../runtime/deployed.ts";
import { onPush } from "../runtime/handlers/deliver-mail.ts";

const handler = await eventFunction("deliver-mail", onPush);

export { handler as "deliver-mail" };
