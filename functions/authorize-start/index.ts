import { httpFunction } from "../runtime/deployed.ts";
import { routes } from "../runtime/handlers/authorize-start.ts";

const handler = await httpFunction("authorize-start", routes);

export { handler as "authorize-start" };
