import { useClient } from "urql";
import { useErrorText } from "../../api/use";
import { StudentRecordDocument } from "../../gql/graphql";
import { Button } from "../../kit/Button";
import { download } from "../../kit/download";
import { DownloadIcon } from "../../kit/icons";
import { useSay } from "../../kit/Say";
import { useText } from "../../text";

/** Downloads everything that is stored about a student, for example for a parent. */
export function RecordButton({ id }: { id: string }) {
  const { t } = useText();
  const client = useClient();
  const errorText = useErrorText();
  const say = useSay();
  const get = async () => {
    const { data, error } = await client
      .query(StudentRecordDocument, { id }, { requestPolicy: "network-only" })
      .toPromise();
    if (data?.studentRecordUrl) download(data.studentRecordUrl);
    else if (error) say({ text: errorText(error), bad: true });
  };
  return (
    <Button onPress={get}>
      <DownloadIcon />
      {t("student.record")}
    </Button>
  );
}
