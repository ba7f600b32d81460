-- The service days that an audit has to look at again, by restaurant, with the versions that it finds.
--
-- A row of bookings_auditedday says: in this version nothing was found. Every write of the engine raises the version,
-- under the lock of the day. What goes behind its back does not, so that at times a restaurant is looked at whole.
SELECT d.restaurant_id, d.id, d.version
FROM capacity_serviceday AS d
LEFT JOIN bookings_auditedday AS audited ON d.id = audited.service_day_id
WHERE
    (%(restaurant_ids)s::bigint [] IS NULL OR d.restaurant_id = ANY(%(restaurant_ids)s))
    -- Yesterday, on any wall.
    AND d.business_date >= %(as_of)s::timestamptz::date - 2
    AND (%(is_whole)s OR audited.version IS DISTINCT FROM d.version)
