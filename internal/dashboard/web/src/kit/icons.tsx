import type { ReactNode } from "react";

const draw = (children: ReactNode) => () => (
  <svg
    className="icon"
    viewBox="0 0 20 20"
    fill="none"
    stroke="currentColor"
    strokeWidth="1.7"
    strokeLinecap="round"
    strokeLinejoin="round"
    aria-hidden="true"
  >
    {children}
  </svg>
);

export const StudentsIcon = draw(
  <>
    <circle cx="7.5" cy="7" r="3" />
    <path d="M2 16.5c.6-3 2.6-4.5 5.5-4.5s4.9 1.5 5.5 4.5M13 4.3a3 3 0 0 1 0 5.4M15 12.3c1.6.6 2.6 2 3 4.2" />
  </>,
);
export const GroupsIcon = draw(
  <>
    <rect x="2.5" y="3" width="6.5" height="6" rx="1.6" />
    <rect x="11" y="3" width="6.5" height="6" rx="1.6" />
    <rect x="6.7" y="11.5" width="6.5" height="6" rx="1.6" />
  </>,
);
export const ImportIcon = draw(
  <path d="M10 2.5v9M6.5 8.5 10 12l3.5-3.5M3 13v2.5A1.5 1.5 0 0 0 4.5 17h11a1.5 1.5 0 0 0 1.5-1.5V13" />,
);
export const DownloadIcon = ImportIcon;
export const JobsIcon = draw(
  <>
    <path d="M7.5 5h9M7.5 10h9M7.5 15h9" />
    <path d="m2.5 5 .9.9L5 4.2M2.5 10l.9.9L5 9.2M3.2 15h.6" />
  </>,
);
export const UsageIcon = draw(<path d="M3 17V9.5M8 17V4M13 17v-5.5M18 17V7M2 17h16" />);
export const PeopleIcon = draw(
  <>
    <rect x="2.5" y="4" width="15" height="12" rx="2" />
    <circle cx="7.3" cy="8.7" r="1.7" />
    <path d="M4.8 13.2c.3-1.4 1.2-2 2.5-2s2.2.6 2.5 2M12.3 8h2.7M12.3 11.5h2.7" />
  </>,
);
export const SettingsIcon = draw(
  <>
    <path d="M3 6h6M13 6h4M3 14h2M9 14h8" />
    <circle cx="11" cy="6" r="2" />
    <circle cx="7" cy="14" r="2" />
  </>,
);
export const AuditIcon = draw(
  <>
    <path d="M5 2.5h7l3.5 3.5v11.5H5zM12 2.5V6h3.5" />
    <path d="M7.8 9.5h5M7.8 12.5h5" />
  </>,
);
export const BellIcon = draw(
  <path d="M10 2.5a5 5 0 0 0-5 5c0 4-1.5 5.5-1.5 5.5h13S15 11.5 15 7.5a5 5 0 0 0-5-5ZM8.3 16a1.9 1.9 0 0 0 3.4 0" />,
);
export const PersonIcon = draw(
  <>
    <circle cx="10" cy="7" r="3.3" />
    <path d="M3.5 17c.8-3.2 3.1-5 6.5-5s5.7 1.8 6.5 5" />
  </>,
);
export const DownIcon = draw(<path d="m5 8 5 5 5-5" />);
export const MoreIcon = draw(<path strokeWidth="2.6" d="M4.5 10h.01M10 10h.01M15.5 10h.01" />);
export const TickIcon = draw(<path d="m4 10.5 4 4 8-9" />);
export const CloseIcon = draw(<path d="m5 5 10 10M15 5 5 15" />);
export const SearchIcon = draw(
  <>
    <circle cx="9" cy="9" r="5.5" />
    <path d="m13.2 13.2 4 4" />
  </>,
);
export const LockIcon = draw(
  <>
    <rect x="4" y="9" width="12" height="8" rx="2" />
    <path d="M6.7 9V6.5a3.3 3.3 0 0 1 6.6 0V9" />
  </>,
);
export const UpIcon = draw(<path d="M10 16V4.5M5 9.5l5-5 5 5" />);
