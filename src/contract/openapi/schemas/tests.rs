//! What schemas are called.

use super::*;

#[test]
fn schemas_are_called_by_their_own_name_or_by_the_way_to_them() {
    for (pointer, name) in [
        ("/definitions/Link", "Link"),
        ("/components/schemas/Link", "Link"),
        ("/components/schemas/Link/properties/href", "Link.properties.href"),
        (
            "/components/responses/Gone/content/application~1json/schema",
            "responses.Gone.content.application/json.schema",
        ),
        ("/definitions/a~1b", "a/b"),
    ] {
        assert_eq!(name_of(pointer), name);
    }
}
