import { useState } from "react";
import { useQuery } from "urql";
import { usePerson, type Organization } from "../../api/person";
import { useErrorText } from "../../api/use";
import { PeopleDocument, type Role } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { Choose } from "../../kit/Choose";
import { Field } from "../../kit/Field";
import { useSettled } from "../../kit/useSettled";
import { useText } from "../../text";
import { Pager } from "../students/Pager";
import { InviteWindow } from "./InviteWindow";
import { filterOf, roles, states, type State } from "./people";
import { PersonLine } from "./PersonLine";
import "./people.css";

const pageSize = 50;

/** Who works here: administrators and teachers, and who of them can sign in. */
export default function People() {
  const { organization } = usePerson();
  return <List key={organization.id} organization={organization} />;
}

function List({ organization }: { organization: Organization }) {
  const { t } = useText();
  const errorText = useErrorText();
  const [search, setSearch] = useState("");
  const [chosen, setChosen] = useState<Role[]>([]);
  const [state, setState] = useState<State>("any");
  const [page, setPage] = useState<{ after?: string; before?: string }>({});
  const [inviting, setInviting] = useState(false);
  const filter = filterOf(useSettled(search), chosen, state);
  const turn = page.before ? { last: pageSize, before: page.before } : { first: pageSize, after: page.after };
  const [{ data, error, fetching }] = useQuery({
    query: PeopleDocument,
    variables: { organizationId: organization.id, filter, ...turn },
    requestPolicy: "cache-and-network",
  });
  const people = data?.educators;
  const narrow = (set: () => void) => {
    set();
    setPage({});
  };
  return (
    <div className="screen">
      <div className="screen-head">
        <div>
          <h1 tabIndex={-1}>{t("screen.people")}</h1>
          <p className="soft" role="status">
            {people ? t("people.count", { count: people.totalCount }) : " "}
          </p>
        </div>
        <Button look="primary" onPress={() => setInviting(true)}>
          {t("people.invite")}
        </Button>
      </div>
      <div className="row people-bar">
        <div className="grow people-search">
          <Field
            label={t("people.search")}
            type="search"
            value={search}
            onChange={(text) => narrow(() => setSearch(text))}
          />
        </div>
        <Choose
          label={t("people.role")}
          shown={chosen.length ? chosen.map((role) => t(`role.${role}`)).join(", ") : t("people.role.any")}
          options={roles.map((id) => ({ id, name: t(`role.${id}`) }))}
          chosen={chosen}
          several
          onChoose={(ids) => narrow(() => setChosen(ids as Role[]))}
        />
        <Choose
          label={t("people.state")}
          shown={t(`people.state.${state}`)}
          options={states.map((id) => ({ id, name: t(`people.state.${id}`) }))}
          chosen={[state]}
          onChoose={([id]) => narrow(() => setState(id as State))}
        />
      </div>
      {error && !people && (
        <p className="banner bad" role="alert">
          {errorText(error)}
        </p>
      )}
      {people && !people.nodes.length && (
        <section className="card empty">
          <h2>{t(Object.keys(filter).length ? "students.noMatch" : "people.none")}</h2>
          <p>{t(Object.keys(filter).length ? "people.noMatch.text" : "people.none.text")}</p>
        </section>
      )}
      {people && people.nodes.length > 0 && (
        <ul className="card people" aria-busy={fetching} aria-label={t("screen.people")}>
          {people.nodes.map((person) => (
            <PersonLine key={person.id} person={person} />
          ))}
        </ul>
      )}
      {people && <Pager info={people.pageInfo} change={({ after, before }) => setPage({ after, before })} />}
      {inviting && <InviteWindow onClose={() => setInviting(false)} />}
    </div>
  );
}
