import type { ComponentChildren } from "preact";

const SHAPES = {
  check: <path d="M4 10.5l4 4 8-9" />,
  cross: <path d="M5 5l10 10M15 5L5 15" />,
  warning: <path d="M10 3l8 14H2zM10 8v4M10 14.5v.5" />,
  clock: (
    <>
      <circle cx="10" cy="10" r="7.5" />
      <path d="M10 5.5V10l3 2" />
    </>
  ),
  plug: <path d="M7 2v4M13 2v4M5 6h10v3a5 5 0 0 1-10 0zM10 14v4" />,
  pause: <path d="M7 4v12M13 4v12" />,
  info: (
    <>
      <circle cx="10" cy="10" r="7.5" />
      <path d="M10 9v5M10 6v.5" />
    </>
  ),
  question: <path d="M7 7.5a3 3 0 1 1 4.5 2.6c-1 .6-1.5 1.1-1.5 2.4M10 15.5v.5" />,
  send: <path d="M17.5 2.5L2.5 9l6 2.5 2.5 6z M8.5 11.5l9-9" />,
  home: <path d="M3 9.5L10 3l7 6.5V17h-4.5v-5h-5v5H3z" />,
  server: <path d="M3 4h14v5H3zM3 11h14v5H3zM6 6.5h.5M6 13.5h.5" />,
  mail: <path d="M2.5 4.5h15v11h-15zM2.5 5.5L10 11l7.5-5.5" />,
  steps: <path d="M3 5l1.2 1.200L6.5 4M9.5 5H17M3 11l1.2 1.200L6.5 10M9.5 11H17M3.5 16.500h2M9.5 16.500H17" />,
  key: (
    <>
      <circle cx="6.5" cy="13.5" r="3.5" />
      <path d="M9 11l8-8M13.5 6.500l2.5 2.5" />
    </>
  ),
  system: <path d="M2.5 4h15v10h-15zM7 17h6M10 14v3" />,
  light: (
    <>
      <circle cx="10" cy="10" r="3.2" />
      <path d="M10 2v1.500M10 16.500V18M2 10h1.500M16.5 10H18M4.3 4.300l1.1 1.100M14.6 14.600l1.1 1.100M15.7 4.300l-1.1 1.100M5.4 14.600l-1.1 1.1" />
    </>
  ),
  dark: <path d="M16.5 12A7 7 0 0 1 8 3.500a7 7 0 1 0 8.5 8.500z" />,
  gear: (
    <>
      <circle cx="10" cy="10" r="2.8" />
      <path d="M10 2v3M10 15v3M2 10h3M15 10h3M4.3 4.3l2.1 2.1M13.6 13.6l2.1 2.1M15.7 4.3l-2.1 2.1M6.4 13.6l-2.1 2.1" />
    </>
  ),
  list: <path d="M7 5h10M7 10h10M7 15h10M3 5h.5M3 10h.5M3 15h.5" />,
  copy: <path d="M7 7h10v10H7zM13 7V3H3v10h4" />,
  external: <path d="M8 4H4v12h12v-4M11 4h5v5M16 4l-7 7" />,
  upload: <path d="M10 13V3M6 7l4-4 4 4M3 13v4h14v-4" />,
  filter: <path d="M3 5h14M6 10h8M8.5 15h3" />,
  download: <path d="M10 3v10M6 9l4 4 4-4M3 13v4h14v-4" />,
  archive: <path d="M2.5 4h15v4h-15zM4 8v8h12V8M8 11h4" />,
} satisfies Record<string, ComponentChildren>;

export type IconName = keyof typeof SHAPES;

/** Decoration beside a text that says the same, so hidden from assistive technology. */
export const Icon = ({ name }: { readonly name: IconName }) => (
  <svg class="icon" viewBox="0 0 20 20" width="20" height="20" aria-hidden="true" focusable="false">
    {SHAPES[name]}
  </svg>
);
