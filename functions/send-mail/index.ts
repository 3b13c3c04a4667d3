import { httpFunction } from "../runtime/deployed.ts";
import { routes } from "../runtime/handlers/send-mail.ts";

const handler = await httpFunction("send-mail", routes);

export { handler as "send-mail" };
