import type { ComponentChildren } from "preact";
import { useId } from "preact/hooks";

interface Props {
  readonly title: string;
  readonly actions?: ComponentChildren;
  readonly children: ComponentChildren;
  readonly id?: string;
}

/** A section of a page, named by its heading. */
export const Card = ({ title, actions, children, id }: Props) => {
  const heading = useId();
  return (
    <section class="card" aria-labelledby={heading} id={id}>
      <div class="card-head">
        <h2 id={heading}>{title}</h2>
        {actions && <div class="actions">{actions}</div>}
      </div>
      {children}
    </section>
  );
};
