-- Live bookings without a table in services that seat at tables: made before tables existed, in shadow mode,
-- or because a person answered for it.
SELECT
    b.restaurant_id,
    count(*) AS bookings,
    (array_agg(b.reference ORDER BY b.starts_at, b.id))[:20] AS refs,
    array_agg(DISTINCT b.service_day_id) AS service_day_ids
FROM bookings_booking AS b
INNER JOIN capacity_serviceday AS d ON b.service_day_id = d.id
INNER JOIN capacity_serviceperiod AS p ON d.service_period_id = p.id
WHERE
    b.restaurant_id = ANY(%(restaurant_ids)s)
    AND b.business_date BETWEEN %(from_date)s AND %(to_date)s
    AND (%(service_day_ids)s::bigint [] IS NULL OR b.service_day_id = ANY(%(service_day_ids)s))
    AND b.status IN ('held', 'confirmed', 'arrived', 'seated', 'completed')
    AND (b.status <> 'held' OR b.expires_at > %(as_of)s)
    AND p.seating_mode = 'tables'
    AND NOT EXISTS (SELECT FROM booking_table_assignments AS a WHERE a.booking_id = b.id)
GROUP BY b.restaurant_id
ORDER BY b.restaurant_id
