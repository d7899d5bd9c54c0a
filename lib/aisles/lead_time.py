"""How soon a product is sent, in the words of shops: `Lieferbar in 1-2 Tagen`, `3-5 営業日`."""

from __future__ import annotations

import re

SOON = 10
"""Days within which a product that is there is sent."""
_LONGEST = 80
_HOURS = (
    r"h|hrs?|hours?|std\.?|stunden|heures?|horas?|ore|uur|uren|timer|timmar|tim|tuntia|tunnissa|hodin"
    r"|hodiny|godzin\w*|час\w*|годин\w*|óra|órán|ώρες|saat\w*|時間|小时|小時|시간|giờ|jam|ชั่วโมง"
)
_DAYS = (
    r"days?|tage?n?|werktage?n?|arbeitstage?n?|jrs?|jours?|d[ií]as?|giorn[oi]|dag|dagen|dagar"
    r"|dage|dager|werkdag\w*|arbetsdag\w*|hverdag\w*|virkedag\w*|dni|dnia|dzień|dny|dní|dnů"
    r"|dňa|dnev\w*|dan\w?|nap|napon|munkanap\w*|zi|zile|ημέρ\w+|ημερ\w+|μέρ\w+|arkipäiv\w*"
    r"|päiv\w*|pv|päeva|tööpäev\w*|diena\w*|dienu|darba dien\w*|dien\w*|d\. ?d\.|дн\w*|день"
    r"|дни|gün\w*|iş ?günü|営業日|日|天|工作日|个工作日|個工作天|일|영업일|ngày|วัน|hari|ימי|ימים"
    r"|יום|أيام|يوم|(?:business|working) days?|ouvr\w+|lavorativ\w+|laborables"
    r"|hábiles|úteis|robocz\w*"
)
_WEEKS = (
    r"weeks?|wochen?|wo\.|semaines?|semanas?|settiman[ae]|veck\w*|uger?|uker?|viikko\w*|week"
    r"|weken|tyg\w*|tydz\w*|týd\w*|недел\w*|тижн\w*|hét|hete|săptămân\w*|nädal\w*|nedēļ\w*"
    r"|savait\w*|εβδομάδ\w*|hafta\w*|週間?|周|주|tuần|สัปดาห์|minggu"
)
_MONTHS = (
    r"months?|monate?n?|mois|mes|meses|mes[ei]|maand\w*|månad\w*|måned\w*|kuukau\w*|mies\w*"
    r"|měsíc\w*|месяц\w*|місяц\w*|hónap\w*|lun[iăa]|kuud?|mēneš\w*|mėn\w*|μήν\w*|ay|か?月|個月|个月"
    r"|개월|tháng|เดือน|bulan"
)
_UNITS = {"hours": _HOURS, "days": _DAYS, "weeks": _WEEKS, "months": _MONTHS}
_LASTS = {"days": 1, "weeks": 7, "months": 30}
_UP_TO = r"(?:[-–—~～〜/+]|bis|to|à|a|do|до|til|till|tot|až|až do)"
_TIME = re.compile(
    rf"(?i)(?<![\d.,/:])(\d{{1,3}})(?:\s*{_UP_TO}\s*(\d{{1,3}}))?\s*[-–]?\s*"
    rf"(?:{'|'.join(f'(?P<{name}>{words})' for name, words in _UNITS.items())})(?![^\W\d_])"
)


def days_of(text: str) -> int | None:
    """In how many days it is sent at the latest; None where a text does not tell, or tells more."""
    if len(text) > _LONGEST:
        return None
    found = _TIME.search(text)
    if found is None:
        return None
    most = max(int(number) for number in found.groups()[:2] if number)
    unit = next(name for name in _UNITS if found[name])
    return most // 24 if unit == "hours" else most * _LASTS[unit]
