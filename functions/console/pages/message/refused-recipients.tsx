import type { Message } from "../../api/types.ts";
import { refusedOf } from "./history.ts";

/** Each refused recipient with Gmail's reply. */
export const RefusedRecipients = ({ message }: { readonly message: Message }) => (
  <ul>
    {refusedOf(message).map(({ address, said }) => (
      <li key={address}>
        {address}
        {said && <span class="mono"> – {said}</span>}
      </li>
    ))}
  </ul>
);
