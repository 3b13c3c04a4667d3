// The lock file of a function's folder, cut from the repository's, so that `npm ci` (which the platform's builder runs
// where it finds one) installs the very packages that were tested.

/** An entry of package-lock.json, version 3 (docs.npmjs.com/cli/configuring-npm/package-lock-json). */
interface LockedPackage {
  readonly name?: string;
  readonly engines?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<Record<string, { readonly optional?: boolean }>>;
}

export interface LockFile {
  readonly name: string;
  readonly lockfileVersion: number;
  readonly requires?: boolean;
  /** By folder; "" is the project itself. */
  readonly packages: Readonly<Record<string, LockedPackage>>;
}

interface Manifest {
  readonly name: string;
  readonly engines: Readonly<Record<string, string>>;
  readonly dependencies: Readonly<Record<string, string>>;
}

/** Where Node finds `name` from the package in `folder`: in its own node_modules, or in one further out. */
const locate = (packages: LockFile["packages"], folder: string, name: string): string | undefined => {
  for (let at = folder; ; at = at.slice(0, Math.max(0, at.lastIndexOf("/node_modules/")))) {
    const path = at === "" ? `node_modules/${name}` : `${at}/node_modules/${name}`;
    if (path in packages) return path;
    if (at === "") return undefined;
  }
};

interface Need {
  readonly name: string;
  /** Without it, the package works, or npm has skipped it. */
  readonly optional: boolean;
}

const needsOf = ({
  dependencies = {},
  optionalDependencies = {},
  peerDependencies = {},
  peerDependenciesMeta = {},
}: LockedPackage): readonly Need[] => [
  ...Object.keys(dependencies).map((name) => ({ name, optional: name in optionalDependencies })),
  ...Object.keys(optionalDependencies).map((name) => ({ name, optional: true })),
  ...Object.keys(peerDependencies)
    .filter((name) => peerDependenciesMeta[name]?.optional !== true)
    .map((name) => ({ name, optional: false })),
];

/** Keeps what the manifest's dependencies need, each in its place. Throws if the lock file lacks a package. */
export const cutLockFile = (lock: LockFile, { name, engines, dependencies }: Manifest): LockFile => {
  const kept = new Set<string>();
  const keepNeeds = (folder: string, from: LockedPackage): void => {
    for (const { name, optional } of needsOf(from)) {
      const path = locate(lock.packages, folder, name);
      if (path === undefined && !optional)
        throw new Error(`package-lock.json lacks ${name}, which ${folder || "the function"} needs`);
      if (path === undefined || kept.has(path)) continue;
      kept.add(path);
      keepNeeds(path, lock.packages[path] ?? {});
    }
  };
  keepNeeds("", { dependencies });
  return {
    name,
    lockfileVersion: lock.lockfileVersion,
    requires: true,
    packages: {
      "": { name, dependencies, engines },
      ...Object.fromEntries(Object.entries(lock.packages).filter(([path]) => kept.has(path))),
    },
  };
};
