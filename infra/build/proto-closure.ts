// Descriptions of Google's messages (protobufjs's JSON) contain every service of an API and all options of protobuf
// itself.

/**
 * A namespace, message, enum or service in protobufjs's JSON (github.com/protobufjs/protobuf.js, `INamespace`, `IType`,
 * `IService`).
 */
export interface ProtoNode {
  readonly nested?: Readonly<Record<string, ProtoNode>>;
  readonly fields?: Readonly<Record<string, { readonly type: string }>>;
  readonly values?: Readonly<Record<string, number>>;
  readonly methods?: Readonly<Record<string, { readonly requestType: string; readonly responseType: string }>>;
}

const at = (root: ProtoNode, path: readonly string[]): ProtoNode | undefined =>
  path.reduce<ProtoNode | undefined>((node, name) => node?.nested?.[name], root);

/**
 * The full path of the type `name` as seen from `scope`, searched from the innermost namespace outwards; undefined for
 * a scalar type.
 */
const resolve = (root: ProtoNode, scope: readonly string[], name: string): readonly string[] | undefined => {
  const parts = name.replace(/^\./, "").split(".");
  for (let depth = name.startsWith(".") ? 0 : scope.length; depth >= 0; depth -= 1) {
    const path = [...scope.slice(0, depth), ...parts];
    if (at(root, path)) return path;
  }
  return undefined;
};

const namesIn = ({ fields = {}, methods = {} }: ProtoNode): readonly string[] => [
  ...Object.values(fields).map(({ type }) => type),
  ...Object.values(methods).flatMap(({ requestType, responseType }) => [requestType, responseType]),
];

/** Keeps only what a service's methods need: the service, their messages, the types of their fields, and so on. */
export const pickService = (root: ProtoNode, service: string): ProtoNode => {
  const kept = new Set<string>();
  const visit = (path: readonly string[]): void => {
    const key = path.join(".");
    const node = at(root, path);
    if (kept.has(key) || node === undefined) return;
    kept.add(key);
    for (const name of namesIn(node)) {
      const found = resolve(root, path, name);
      if (found !== undefined) visit(found);
    }
  };
  visit(service.split("."));
  const copy = (node: ProtoNode, path: readonly string[]): ProtoNode | undefined => {
    const nested = Object.entries(node.nested ?? {}).flatMap(([name, child]) => {
      const copied = copy(child, [...path, name]);
      return copied === undefined ? [] : [[name, copied]];
    });
    const { nested: _, ...own } = node;
    const isKept = kept.has(path.join("."));
    if (!isKept && nested.length === 0) return undefined;
    // A message that merely encloses a kept one stays as its namespace.
    return { ...(isKept ? own : {}), ...(nested.length > 0 ? { nested: Object.fromEntries(nested) } : {}) };
  };
  return copy(root, []) ?? {};
};
