import type { ComponentChildren } from "preact";
import { useId, useState } from "preact/hooks";
import { number, t } from "../state/language.ts";
import { Icon } from "./icon.tsx";

interface ChipProps {
  readonly label: string;
  readonly set: boolean;
  /** The control, which the label names by this id. */
  readonly children: (id: string) => ComponentChildren;
}

/** A filter that is as small as its label and value, and stands out while it narrows the list. */
export const Chip = ({ label, set, children }: ChipProps) => {
  const id = useId();
  return (
    <span class={set ? "chip set" : "chip"}>
      <label for={id}>{label}</label>
      {children(id)}
    </span>
  );
};

interface DayProps {
  readonly label: string;
  /** `2026-11-12`; empty for any. */
  readonly day: string;
  readonly onChange: (day: string) => void;
}

export const DayChip = ({ label, day, onChange }: DayProps) => (
  <Chip label={label} set={day !== ""}>
    {(id) => <input id={id} type="date" value={day} onChange={(event) => onChange(event.currentTarget.value)} />}
  </Chip>
);

interface ChipsProps {
  /** How many chips narrow the list. */
  readonly count: number;
  /** Null if nothing narrows the list. */
  readonly onClear: (() => void) | null;
  /** Stands before the chips and is never folded. */
  readonly search?: ComponentChildren;
  readonly children: ComponentChildren;
}

/** Filters in one line; on a phone, they are folded behind a button. */
export const Chips = ({ count, onClear, search, children }: ChipsProps) => {
  const [open, setOpen] = useState(false);
  return (
    <search class={open ? "filters open" : "filters"}>
      {search}
      <button
        type="button"
        class="button filters-button"
        aria-expanded={open}
        aria-controls="chips"
        onClick={() => setOpen(!open)}
      >
        <Icon name="filter" />
        {count === 0 ? t("filters.title") : t("filters.set", { count: number(count) })}
      </button>
      <div class="chips" id="chips">
        {children}
        {onClear !== null && (
          <button type="button" class="quiet" onClick={onClear}>
            {t("filters.clear")}
          </button>
        )}
      </div>
    </search>
  );
};
