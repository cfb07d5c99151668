import { useNotice } from "../../frame/Notice";
import { useText } from "../../text";
import { DownloadIcon } from "../../kit/icons";

/** The way from the notice: download, fill in, drop. */
export function NoticeWay({ organizationId }: { organizationId: string }) {
  const { t } = useText();
  const { notice, refetch } = useNotice(organizationId);
  if (!notice?.count || !notice.csvUrl) return null;
  return (
    <section className="card way-card" aria-label={t("way.title", { count: notice.count })}>
      <h2>{t("way.title", { count: notice.count })}</h2>
      <ol className="way-steps">
        <li>
          <span>{t("way.download")}</span>
          {/* The address is good for a quarter of an hour; the next one is asked for with each use. */}
          <a
            className="button primary"
            href={notice.csvUrl}
            download
            onClick={() => setTimeout(() => refetch({ requestPolicy: "network-only" }))}
          >
            <DownloadIcon />
            {t("way.csv")}
          </a>
        </li>
        <li>{t("way.fill")}</li>
        <li>{t("way.drop")}</li>
      </ol>
    </section>
  );
}
