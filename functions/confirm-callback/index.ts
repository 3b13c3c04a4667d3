import { httpFunction } from "../runtime/deployed.ts";
import { routes } from "../runtime/handlers/confirm-callback.ts";

const handler = httpFunction("confirm-callback", routes);

export { handler as "confirm-callback" };
