import { useRef, useState } from "react";
import { Button } from "../../kit/Button";
import { UpIcon } from "../../kit/icons";
import { useText } from "../../text";

/** A place to drop a file at, with a button for those who do not drag. */
export function DropFile({ busy, onFile }: { busy: boolean; onFile: (file: File) => void }) {
  const { t } = useText();
  const [over, setOver] = useState(false);
  const input = useRef<HTMLInputElement>(null);
  const drop = (event: React.DragEvent) => {
    event.preventDefault();
    setOver(false);
    const file = event.dataTransfer.files[0];
    if (file) onFile(file);
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
      onDrop={drop}
    >
      <UpIcon />
      <p className="drop-title">{t(busy ? "import.sending" : "import.drop")}</p>
      <input
        ref={input}
        id="file"
        type="file"
        className="unseen"
        tabIndex={-1}
        aria-label={t("import.file")}
        accept=".csv,.txt,.tsv,.xlsx,text/csv"
        onChange={(event) => {
          const file = event.target.files?.[0];
          event.target.value = "";
          if (file) onFile(file);
        }}
      />
      <Button look="primary" busy={busy} onPress={() => input.current?.click()}>
        {t("import.choose")}
      </Button>
    </div>
  );
}
