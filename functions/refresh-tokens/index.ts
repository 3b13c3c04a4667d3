import { eventFunction } from "../runtime/deployed.ts";
import { onPush } from "../runtime/handlers/refresh-tokens.ts";

const handler = await eventFunction("refresh-tokens", onPush);

export { handler as "refresh-tokens" };
