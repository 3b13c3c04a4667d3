import { httpFunction } from "../runtime/deployed.ts";
import { routes } from "../runtime/handlers/mail-servers.ts";

const handler = httpFunction("mail-servers", routes);

export { handler as "mail-servers" };
