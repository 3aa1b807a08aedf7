/* SPDX-License-Identifier: GPL-3.0-or-later */
#include "inverse_gamma.h"

#define MATHLIB_STANDALONE
#include <Rmath.h>

#include "internal.h"

/* The quantile x of a gamma distribution of shape a and scale 1, as a series in e = 1/sqrt(a) (Cornish and Fisher):
 *   x = a + sqrt(a) y,   y = c_0(z) + c_1(z) e + c_2(z) e^2 + …,   z = the normal quantile of the same probability.
 * Equal probabilities mean phi(z) dz = x^(a-1) exp(-x)/Gamma(a) dx. With Stirling's series S for log Gamma,
 *   S(e) = e^2/12 - e^6/360 + e^10/1260 - …, this is
 *   dy/dz = (1 + e y) exp( (y^2 - z^2)/2 - e y^3/3 + e^2 y^4/4 - … + S(e) ),
 * and comparing powers of e gives c_j'(z) - z c_j(z) = a polynomial of the earlier ones, solved from its highest power
 * down. So c_0 = z, c_1 = (z^2 - 1)/3, c_2 = (z^3 - 7 z)/36, c_3 = -(3 z^4 + 7 z^2 - 16)/810 …, worked out in exact
 * fractions. c_j has only even or only odd powers: row j holds them from z^0 or z^1 up. */
static const double series[TOCI_GAMMA_TERMS][9] = {
    /* clang-format off */
    { 1.0 },
    { -0.3333333333333333, 0.3333333333333333 },
    { -0.19444444444444445, 0.027777777777777776 },
    { 0.019753086419753086, -0.008641975308641974, -0.003703703703703704 },
    { -0.011136831275720165, 0.006584362139917695, 0.0002314814814814815 },
    { 0.007211444248481286, -0.004521849892220263, -0.0011904761904761906, 5.878894767783657e-05 },
    { 0.0019713145317569185, 0.0019699536764865985, -2.9619014958521132e-05, -2.553644914756026e-05 },
    { 0.0006526298981717363, -0.0019049977863420935, -0.0001726108824874257, 8.37198162301043e-05, 4.899078973153047e-06 },
    { 0.0017720095753556973, 0.0003315300488940178, -0.00012957468509809046, -2.5886869379667732e-05, -2.428276122977769e-07 },
    { -0.0012385769635511374, -0.0003422181639308517, 0.00015464459476106582, 6.401354139884852e-05, 3.1606390583680632e-06, -1.85406221071516e-07 },
    { 0.00018480123844331257, -0.00021062606246895457, -0.00010892212692274078, -1.2067700029214249e-05, 7.141944463516492e-07, 7.542464855411896e-08 },
    { -0.0004509888376840951, 0.00033242239699043496, 0.00015965487056649542, 2.584903934438905e-05, -1.2910952342610796e-06, -4.862830116312092e-07, -1.47216272806884e-08 },
    { -0.000580699948552732, -0.00021660803036033374, -3.8088777470510184e-05, 2.3373997567293168e-06, 1.6169950999454123e-06, 1.2597739160689628e-07, 5.159887341078076e-10 },
    { 0.0006639604003340528, 0.00027055607600347514, 3.5204146127751125e-05, -7.441658238208083e-06, -4.03057610274527e-06, -5.215193450492114e-07, -1.0727261975015052e-08, 7.32986413160022e-10 },
    { -0.00024025308389214985, 1.191280264468795e-05, 2.588026549396464e-05, 9.103421322062891e-06, 1.4596007989857974e-06, 6.134899589490101e-08, -5.3823156694394545e-09, -2.921357345635569e-10 },
    { 0.000449835386727579, -0.00015313216335369304, -7.531125874348814e-05, -1.9675371733794243e-05, -3.187050776764147e-06, -1.805735457340096e-07, 2.2228338885458432e-08, 2.8318979540274848e-09, 5.717312238897994e-11 },
    { 0.00048159686870936924, 0.00017527264149279576, 3.877459310945645e-05, 5.493108314496663e-06, 2.56358314487599e-07, -7.977786275770376e-08, -1.4366423633156926e-08, -6.665556111231443e-10, -1.5008349408791911e-12 },
    /* clang-format on */
};

/* Error that the series may leave, relative to the quantile: the first term left out is smaller than the last kept. */
#define SERIES_ERROR 1e-12

/* The smallest shape at which the series is trusted. Where e |z| < 0.6 and e < 0.3 the quantile is above 0.2 a. */
static double least_shape(const struct toci_gamma_plan *plan, size_t i, double z)
{
    double largest = fmin(0.3, 0.6 / fabs(z));
    for (size_t j = TOCI_GAMMA_TERMS - 2; j < TOCI_GAMMA_TERMS; j++)
        largest = fmin(largest, pow(0.2 * SERIES_ERROR / fabs(plan->term[j][i]), 1.0 / (double) (j + 1)));
    return 1.0 / (largest * largest);
}

void toci_gamma_plan_init(struct toci_gamma_plan *plan, const double *probability, size_t num)
{
    plan->probability = probability;
    plan->num = num;
    plan->least_shape = 0.0;
    for (size_t i = 0; i < num; i++) {
        double z = qnorm(probability[i], 0.0, 1.0, 1, 0);
        for (size_t j = 0; j < TOCI_GAMMA_TERMS; j++) {
            double sum = 0.0;
            for (size_t power = 9; power-- > 0;)
                sum = sum * z * z + series[j][power];
            plan->term[j][i] = j % 2 == 0 ? sum * z : sum;
        }
        plan->least_shape = fmax(plan->least_shape, least_shape(plan, i, z));
    }
}

/* lgamma() of the C library would write to a variable that threads share. */
static double log_gamma(double x)
{
    int sign;
    return lgamma_r(x, &sign);
}

/* One quantile at any shape: Halley's iteration for u = log x on the logarithm of the nearer tail, which is concave in
 * u, so that it also works where x is 1e-300 or the tail 1e-100. With g = log(tail/p), g' = +-x density/tail and g'' =
 * g' ((a - x) -+ x density/tail). */
double toci_gamma_quantile(double p, double shape)
{
    bool   lower = p <= 0.5;
    double target = lower ? log(p) : log1p(-p);
    double small = (log(p) + log_gamma(shape + 1.0)) / shape; /* exact as x -> 0: P(x) = x^a/Gamma(a + 1) */
    if (small < -600.0)
        return exp(small);
    double third = qnorm(p, 0.0, 1.0, 1, 0) / (3.0 * sqrt(shape)) + 1.0 - 1.0 / (9.0 * shape);
    double u = shape > 1.0 && third > 0.3 ? log(shape * third * third * third) : fmin(small, log(shape + 20.0));
    for (int iteration = 0; iteration < 40; iteration++) {
        double x = exp(u), tail = pgamma(x, shape, 1.0, lower, 1);
        double log_density = (shape - 1.0) * u - x - log_gamma(shape); /* of x; times x below */
        double hazard = exp(log_density + u - tail);
        double slope = lower ? hazard : -hazard;
        double curvature = slope * (shape - x - slope);
        double newton = (tail - target) / slope;
        double bend = 1.0 - 0.5 * newton * curvature / slope;
        double step = newton / (bend > 0.5 && bend < 2.0 ? bend : 1.0);
        if (!isfinite(step))
            break;
        u -= step = fmax(-3.0, fmin(3.0, step));
        if (fabs(step) < 1e-7) /* the next would be its cube */
            return exp(u);
    }
    return qgamma(p, shape, 1.0, 1, 0);
}

void toci_gamma_quantiles(const struct toci_gamma_plan *plan, double shape, double scale, double *quantile)
{
    if (!(shape >= plan->least_shape)) {
        for (size_t i = 0; i < plan->num; i++)
            quantile[i] = scale * toci_gamma_quantile(plan->probability[i], shape);
        return;
    }
    double root = sqrt(shape), e = 1.0 / root;
    for (size_t i = 0; i < plan->num; i++) {
        double y = plan->term[TOCI_GAMMA_TERMS - 1][i];
        for (size_t j = TOCI_GAMMA_TERMS - 1; j-- > 0;)
            y = y * e + plan->term[j][i];
        quantile[i] = scale * (shape + root * y);
    }
}
