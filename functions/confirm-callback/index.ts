import { httpFunction } from "../runtime/deployed.ts";
import { routes } from "../runtime/handlers/confirm-callback.ts";

const handler = await httpFunction("confirm-callback", routes);

export { handler as "confirm-callback" };
