/** The sign of Homeroom and its name. */
export function BrandMark() {
  return (
    <span className="brand">
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="9" className="brand-back" />
        <path d="M7 16.5 16 9l9 7.5" className="brand-roof" />
        <circle cx="11.5" cy="21.5" r="2.1" className="brand-seat" />
        <circle cx="20.5" cy="21.5" r="2.1" className="brand-seat" />
        <circle cx="16" cy="18" r="2.1" className="brand-teacher" />
      </svg>
      <span className="brand-name">Homeroom</span>
    </span>
  );
}
