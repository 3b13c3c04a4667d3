import type { Message } from "../../api/types.ts";
import type { CsvColumns } from "../../widgets/csv.ts";

export const messageColumns = (nameOf: (serverId: string) => string): CsvColumns<Message> => ({
  id: ({ id }) => id,
  createdAt: ({ createdAt }) => createdAt,
  status: ({ status }) => status,
  server: ({ server }) => nameOf(server),
  from: ({ from }) => from,
  to: ({ to }) => to.join(", "),
  cc: ({ cc }) => cc.join(", "),
  bcc: ({ bcc }) => bcc.join(", "),
  rejected: ({ rejected }) => rejected.join(", "),
  subject: ({ subject }) => subject,
  messageId: ({ messageId }) => messageId,
  key: ({ key }) => key ?? "",
  tags: ({ tags }) =>
    Object.entries(tags)
      .map(([name, value]) => `${name}=${value}`)
      .join(", "),
});
