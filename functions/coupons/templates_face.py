"""Face: the templates that staff run, and the codes for coupons of them."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from http import HTTPStatus
from typing import Annotated

from functions.coupons.batches import Batches
from functions.coupons.schema import TemplateIdPath
from functions.coupons.template_schema import (
    CodesAnswer,
    CodesRequest,
    TemplateAnswer,
    TemplateRequest,
    codes_answer,
    template_answer,
)
from functions.coupons.template_store import POSITION, Templates
from functions.domain.policy import Policy
from functions.platform.cursors import Cursors
from functions.platform.http import Api, Response, Who, answer, route
from functions.platform.parameters import Body, Cursor, IfMatch, IfNoneMatch, Limit
from functions.platform.preconditions import replaced_version
from functions.platform.roles import Role
from functions.platform.shapes import Page

TEMPLATES = "templates"


@dataclass(frozen=True, slots=True)
class TemplatesFace:
    """What staff say of templates, and the codes that they have made."""

    api: Api
    templates: Templates
    batches: Batches
    policy: Policy
    clock: Callable[[], datetime]

    @route(
        "PUT",
        "/coupon-templates/<template_id>",
        summary="Put a template of coupons",
        who=Who.STAFF,
        roles=Role.STAFF | Role.MARKETING,
        body=True,
        refuses={
            409: ["template_kind_fixed", "limit_in_use", "conflict"],
            412: ["exists_already", "changed_meanwhile"],
        },
        also_answers={HTTPStatus.CREATED: "The template is new"},
    )
    def put_coupon_template(
        self,
        template_id: TemplateIdPath,
        request: Annotated[TemplateRequest, Body()],
        if_match: IfMatch = None,
        if_none_match: IfNoneMatch = None,
    ) -> Response[TemplateAnswer]:
        """Create a template, or replace what is said of it. Contents that it has already keep its version.

        From the answer on members claim by it. Coupons that they have stay as they were made. The limits are
        about claims: what comes by a code is limited by the code, and what staff give is not.
        """
        counted, new = self.templates.put(
            request.template(template_id, self.policy),
            self.clock(),
            self.api.deadline,
            replaces=replaced_version(if_match, if_none_match),
        )
        return answer(template_answer(counted, self.policy), HTTPStatus.CREATED if new else HTTPStatus.OK)

    @route(
        "GET",
        "/coupon-templates/<template_id>",
        summary="See a template of coupons",
        who=Who.STAFF,
        roles=Role.STAFF | Role.MARKETING,
        refuses={404: ["template_not_found"]},
    )
    def get_coupon_template(self, template_id: TemplateIdPath) -> TemplateAnswer:
        """Show a template, and how many coupons of it members have claimed."""
        return template_answer(self.templates.get(template_id, self.api.deadline), self.policy)

    @route(
        "GET",
        "/coupon-templates",
        summary="See the templates of coupons",
        who=Who.STAFF,
        roles=Role.STAFF | Role.MARKETING,
        refuses={400: ["invalid_cursor"]},
    )
    def get_coupon_templates(self, limit: Limit = 20, cursor: Cursor = None) -> Page[TemplateAnswer]:
        """List the templates, the one that was made last first."""
        places = Cursors(TEMPLATES, self.api.caller.member_id, POSITION)
        found, position = self.templates.listed(
            limit=limit, after=places.read(cursor), deadline=self.api.deadline
        )
        return Page(
            items=[template_answer(counted, self.policy) for counted in found],
            next_cursor=places.write(position),
        )

    @route(
        "POST",
        "/coupon-templates/<template_id>/codes",
        summary="Make codes for coupons of a template",
        who=Who.STAFF,
        roles=Role.STAFF | Role.MARKETING,
        body=True,
        refuses={
            404: ["template_not_found"],
            409: ["template_ended", "code_taken", "conflict"],
            422: ["batch_id_reused"],
        },
        answers=HTTPStatus.CREATED,
        also_answers={HTTPStatus.OK: "The batch was there: its codes"},
    )
    def make_coupon_codes(
        self, template_id: TemplateIdPath, request: Annotated[CodesRequest, Body()]
    ) -> Response[CodesAnswer]:
        """Make codes once per `batch_id` of a template, for ever; sent again, it answers the same codes.

        `count` makes codes that work once each. With `code` and `limit` there is one code that so many
        members may use, each once. In a code 0 and O are the same sign, and so are 1, I and L.
        """
        batch = request.batch(template_id)
        codes, new = self.batches.make(
            batch, operator=self.api.caller.member_id, at=self.clock(), deadline=self.api.deadline
        )
        return answer(codes_answer(batch, [*codes]), HTTPStatus.CREATED if new else HTTPStatus.OK)
