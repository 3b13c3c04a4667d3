import { httpFunction } from "../runtime/deployed.ts";
import { routes } from "../runtime/handlers/mail-servers.ts";

const handler = await httpFunction("mail-servers", routes);

export { handler as "mail-servers" };
