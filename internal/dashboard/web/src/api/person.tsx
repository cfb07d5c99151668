// Who is signed in, and which organization the screens are about.
import { createContext, useContext, useMemo, useState, type ReactNode } from "react";
import type { PersonFragment } from "../gql/graphql";

export type Viewer = PersonFragment;
export type Organization = Viewer["organizations"][number];

type Person = {
  viewer: Viewer;
  organization: Organization;
  setOrganization: (id: string) => void;
  /** Whether the person administers the organization. A teacher administers none. */
  administers: boolean;
};

const Person = createContext<Person | null>(null);

/** administersAt tells whether roles make somebody an administrator of an organization. */
export function administersAt(viewer: Viewer, at: Organization): boolean {
  return viewer.roles.some(
    ({ role, organization }) =>
      (role === "DISTRICT_ADMIN" && (organization.id === at.id || organization.id === at.parent?.id)) ||
      (role === "SCHOOL_ADMIN" && organization.id === at.id),
  );
}

/** inOrder puts districts before their schools. */
export function inOrder(all: Organization[]): (Organization & { level: number })[] {
  const tops = all.filter((o) => !all.some((other) => other.id === o.parent?.id));
  return tops.flatMap((top) => [
    { ...top, level: 0 },
    ...all.filter((o) => o.parent?.id === top.id).map((school) => ({ ...school, level: 1 })),
  ]);
}

const none: Organization = { id: "", name: "", type: "SCHOOL", parent: null } as Organization;

export function PersonProvider({ viewer, children }: { viewer: Viewer; children: ReactNode }) {
  const place = `organization of ${viewer.educator.id}`;
  const [id, setId] = useState(() => new URLSearchParams(location.search).get("at") ?? localStorage.getItem(place));
  const person = useMemo(() => {
    const all = inOrder(viewer.organizations);
    const organization = all.find((o) => o.id === id) ?? all[0] ?? none;
    return {
      viewer,
      organization,
      setOrganization: (next: string) => {
        localStorage.setItem(place, next);
        setId(next);
      },
      administers: administersAt(viewer, organization),
    };
  }, [viewer, id, place]);
  return <Person.Provider value={person}>{children}</Person.Provider>;
}

export function usePerson(): Person {
  const person = useContext(Person);
  if (!person) throw new Error("there is nobody outside of PersonProvider");
  return person;
}
