-- Live bookings whose instant is not that of their business date and time on the wall of the restaurant. The session's
-- time zone is that of the restaurants asked for. What took place in a former zone says so, and is not compared.
SELECT
    b.restaurant_id, b.business_date, b.wall_time, b.id AS booking_id, b.reference, b.party_size, b.service_day_id,
    to_char(b.starts_at, 'YYYY-MM-DD HH24:MI:SS') AS shown
FROM bookings_booking AS b
-- One of another date than its service day is found as such.
INNER JOIN capacity_serviceday AS d ON b.service_day_id = d.id AND b.business_date = d.business_date
WHERE
    b.restaurant_id = ANY(%(restaurant_ids)s)
    AND b.timezone = ''
    AND b.status IN ('held', 'confirmed', 'arrived', 'seated', 'completed')
    AND b.business_date BETWEEN %(from_date)s AND %(to_date)s
    AND (%(service_day_ids)s::bigint [] IS NULL OR b.service_day_id = ANY(%(service_day_ids)s))
    -- A service past midnight keeps its date.
    AND (b.starts_at::time <> b.wall_time OR b.starts_at::date NOT IN (b.business_date, b.business_date + 1))
ORDER BY b.restaurant_id, b.business_date, b.id
