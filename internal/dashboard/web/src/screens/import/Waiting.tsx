import { usePerson } from "../../api/person";
import { isTeacher } from "../../frame/screens";
import { Button } from "../../kit/Button";
import { Choose } from "../../kit/Choose";
import { CloseIcon } from "../../kit/icons";
import { useText } from "../../text";
import { kinds, setKind, takeOut, useWaiting, type Waiting as File } from "./files";

/** The kinds of files that a person may import. */
export const kindsFor = (viewer: Parameters<typeof isTeacher>[0]) =>
  isTeacher(viewer) ? (["IMPORT_GROUPS", "IMPORT_STUDENTS"] as const) : kinds;

/** The files that wait, in their turn, each with what it holds. */
export function Waiting({ busy, onSend }: { busy: boolean; onSend: (file: File) => void }) {
  const { t } = useText();
  const { viewer } = usePerson();
  const files = useWaiting();
  const next = files[0];
  if (!next) return null;
  return (
    <section className="card stack" aria-label={t("waiting.title", { count: files.length })}>
      <h2>{t("waiting.title", { count: files.length })}</h2>
      <p className="soft">{t("waiting.lead")}</p>
      <ol className="lines">
        {files.map(({ id, file, kind }) => (
          <li key={id} className="row">
            <span className="grow waiting-name">
              <bdi>{file.name}</bdi>
            </span>
            <Choose
              label={t("waiting.kind", { name: file.name })}
              shown={t(`kind.${kind}`)}
              options={kindsFor(viewer).map((one) => ({ id: one, name: t(`kind.${one}`) }))}
              chosen={[kind]}
              onChoose={([one]) => one && setKind(id, one as File["kind"])}
            />
            <Button look="quiet" aria-label={t("waiting.out", { name: file.name })} onPress={() => takeOut(id)}>
              <CloseIcon />
            </Button>
          </li>
        ))}
      </ol>
      <div className="row">
        <Button look="primary" busy={busy} onPress={() => onSend(next)}>
          {t("waiting.send", { name: next.file.name })}
        </Button>
      </div>
    </section>
  );
}
