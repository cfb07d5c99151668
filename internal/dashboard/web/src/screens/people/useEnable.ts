import { useChange } from "../../api/use";
import {
  EnablePersonDocument,
  ResendInvitationDocument,
  WithdrawInvitationDocument,
  type PersonLineFragment,
} from "../../gql/graphql";
import { useSay } from "../../kit/Say";
import { useText } from "../../text";

type Person = Pick<PersonLineFragment, "id" | "name" | "email">;

/** useEnable lets somebody sign in again whose account was disabled. */
export function useEnable() {
  const { t } = useText();
  const change = useChange();
  const say = useSay();
  return async ({ id, name }: Person) => {
    if (await change(EnablePersonDocument, { id })) say({ text: t("people.enable.done", { name }) });
  };
}

/** useInvitation mails an invitation once more, or ends it together with the account, which can be undone. */
export function useInvitation() {
  const { t } = useText();
  const change = useChange();
  const say = useSay();
  const resend = async ({ id, email }: Person) => {
    if (await change(ResendInvitationDocument, { id })) say({ text: t("people.invite.done", { email }) });
  };
  const withdraw = async (person: Person) => {
    if (!(await change(WithdrawInvitationDocument, { id: person.id }))) return;
    const undo = async () => {
      if (await change(EnablePersonDocument, { id: person.id })) await resend(person);
    };
    say({ text: t("people.withdraw.done", { name: person.name }), act: { label: t("undo"), run: undo } });
  };
  return { resend, withdraw };
}
