import { api } from "../state/api.ts";
import { useRemote } from "../state/remote.ts";
import type { ControlProps } from "./field.tsx";

interface Props {
  readonly control: ControlProps;
  /** An id; empty: none. */
  readonly value: string;
  /** What choosing none is called. */
  readonly none: string;
  readonly onChoose: (id: string) => void;
}

/** A choice among the mail servers that this person sees. One that is chosen and not among them (gone, or not loaded yet) stands for itself. */
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
