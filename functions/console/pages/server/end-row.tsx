import type { ComponentChildren } from "preact";

/** What it does, and the button that does it. */
export const EndRow = ({ text, children }: { readonly text: string; readonly children: ComponentChildren }) => (
  <li>
    <p class="row-main">{text}</p>
    <div class="row-side">{children}</div>
  </li>
);
