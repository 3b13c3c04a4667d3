import { eventFunction } from "../runtime/deployed.ts";
import { onPush } from "../runtime/handlers/dispatch-due.ts";

const handler = await eventFunction("dispatch-due", onPush);

export { handler as "dispatch-due" };
