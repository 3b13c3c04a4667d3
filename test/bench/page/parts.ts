/** What `npm run bench` measures, in the order of its page, and what each part may be given. */
export const PARTS = {
  throughput: "[full] [rounds] [row …]",
  send: "[mails]",
  cold: "[rounds]",
  size: "",
  scale: "[messages …]",
  refresh: "[servers …]",
  raw: "[rounds]",
  console: "[rounds]",
} as const;

export type Part = keyof typeof PARTS;

export const isPart = (name: string): name is Part => Object.hasOwn(PARTS, name);

export const partNames = Object.keys(PARTS).filter(isPart);
