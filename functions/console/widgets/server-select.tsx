import { api } from "../state/api.ts";
import { useRemote } from "../state/remote.ts";
import type { ControlProps } from "./field.tsx";

interface Props {
  /** Absent in a label of its own. */
  readonly control?: ControlProps;
  /** The id of the chosen server; empty for none. */
  readonly value: string;
  /** The label for choosing none. */
  readonly none: string;
  readonly onChoose: (id: string) => void;
}

/**
 * Lets a person choose one of the mail servers that they see. A chosen one that is gone or still loading shows its id.
 */
export const ServerSelect = ({ control, value, none, onChoose }: Props) => {
  const { remote } = useRemote("servers to choose", (signal) => api.servers.list(signal));
  const known = remote.phase === "ready" ? remote.value.items : [];
  return (
    <select {...control} value={value} onChange={(e) => onChoose(e.currentTarget.value)}>
      <option value="">{none}</option>
      {value !== "" && !known.some(({ id }) => id === value) && <option value={value}>{value}</option>}
      {known.map(({ id, name }) => (
        <option key={id} value={id}>
          {name}
        </option>
      ))}
    </select>
  );
};
