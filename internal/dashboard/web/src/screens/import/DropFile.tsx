import { useRef, useState } from "react";
import { Button } from "../../kit/Button";
import { accepted } from "../../kit/file";
import { UpIcon } from "../../kit/icons";
import { useText } from "../../text";

/** A place to drop files at, with a button for those who do not drag. */
export function DropFile({ busy, onFiles }: { busy: boolean; onFiles: (files: File[]) => void }) {
  const { t } = useText();
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const take = (files: FileList | null) => {
    if (files?.length) onFiles([...files]);
  };
  return (
    <div
      className="drop"
      data-over={over}
      aria-busy={busy}
      onDragOver={(event) => {
        event.preventDefault();
        setOver(true);
      }}
      onDragLeave={() => setOver(false)}
      onDrop={(event) => {
        event.preventDefault();
        setOver(false);
        take(event.dataTransfer.files);
      }}
    >
      <UpIcon />
      <p className="drop-title">{t(busy ? "import.sending" : "import.drop")}</p>
      <input
        ref={input}
        id="file"
        type="file"
        multiple
        className="unseen"
        tabIndex={-1}
        aria-label={t("import.file")}
        accept={accepted}
        onChange={(event) => {
          take(event.target.files);
          event.target.value = "";
        }}
      />
      <Button look="primary" busy={busy} onPress={() => input.current?.click()}>
        {t("import.choose")}
      </Button>
    </div>
  );
}
