import type { ComponentChildren } from "preact";
import { useId, useRef } from "preact/hooks";

interface Props<Name extends string> {
  readonly label: string;
  readonly tabs: readonly { readonly name: Name; readonly label: string }[];
  readonly chosen: Name;
  readonly onChoose: (name: Name) => void;
  /** The panel of the chosen tab. */
  readonly children: ComponentChildren;
}

const STEPS: Readonly<Record<string, number>> = { ArrowLeft: -1, ArrowRight: 1 };

/** Tabs by the ARIA pattern: arrow keys, Home and End move among them, and Tab goes on to the panel. */
export const Tabs = <Name extends string>({ label, tabs, chosen, onChoose, children }: Props<Name>) => {
  const id = useId();
  const list = useRef<HTMLDivElement>(null);
  const choose = (at: number) => {
    const tab = tabs.at(at % tabs.length);
    if (tab === undefined) return;
    onChoose(tab.name);
    list.current?.querySelectorAll("button")[tabs.indexOf(tab)]?.focus();
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const at = tabs.findIndex(({ name }) => name === chosen);
    const step = STEPS[event.key];
    const target = step === undefined ? { Home: 0, End: -1 }[event.key] : at + step;
    if (target === undefined) return;
    event.preventDefault();
    choose(target);
  };
  return (
    <div class="tabbed">
      <div class="tabs" role="tablist" aria-label={label} ref={list} onKeyDown={onKeyDown}>
        {tabs.map(({ name, label: text }) => (
          <button
            key={name}
            type="button"
            role="tab"
            id={`${id}-${name}`}
            aria-selected={name === chosen}
            aria-controls={`${id}-panel`}
            tabIndex={name === chosen ? 0 : -1}
            onClick={() => onChoose(name)}
          >
            {text}
          </button>
        ))}
      </div>
      <div class="tab-panel" role="tabpanel" id={`${id}-panel`} aria-labelledby={`${id}-${chosen}`}>
        {children}
      </div>
    </div>
  );
};
